// A page that is looked at asks for news, and text typed in the last seconds is kept when the page is left.
(() => {
  "use strict"
  const IDLE = 5 * 60 * 1000, SLOW = 60
  let touched = Date.now(), timer = 0, asked = Date.now()

  // Every [data-poll] asks when its seconds have passed, give or take a fifth, so that a thousand pages do not ask at once;
  // once a minute when nobody is here.
  const polls = () => [...document.querySelectorAll("[data-poll]")]
  const pause = () => {
    const wanted = Math.min(...polls().map((poll) => +poll.dataset.poll))
    return (Date.now() - touched > IDLE ? Math.max(wanted, SLOW) : wanted) * 1000 * (0.8 + Math.random() * 0.4)
  }
  function ask() {
    if (!document.hidden) {
      asked = Date.now()
      for (const poll of polls()) window.htmx.trigger(poll, "rozoom:poll")
    }
    plan()
  }
  function plan(wait = pause()) {
    clearTimeout(timer)
    if (polls().length) timer = setTimeout(ask, wait)
  }
  for (const name of ["pointerdown", "keydown", "scroll"]) addEventListener(name, () => { touched = Date.now() }, { passive: true })
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return
    touched = Date.now()
    plan(Math.max(0, Math.min(pause(), pause() - (Date.now() - asked))))
  })
  plan()

  // When it is sent, the draft is done with.
  let unsaved = null
  document.addEventListener("input", (event) => { if (event.target.matches("[data-draft-url]")) unsaved = event.target })
  document.addEventListener("submit", (event) => { if (unsaved?.form === event.target) unsaved = null })
  addEventListener("pagehide", () => {
    if (!unsaved?.isConnected) return
    const token = unsaved.form.elements.csrfmiddlewaretoken.value
    const body = window.rozoom.draftBody(unsaved)
    fetch(unsaved.dataset.draftUrl, { method: "POST", headers: { "X-CSRFToken": token }, body, keepalive: true })
    unsaved = null
  })
})()
