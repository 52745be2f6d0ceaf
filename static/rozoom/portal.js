// A ticket while its page is looked at: it asks for news, and text typed in the last seconds is kept when the page is left.
(() => {
  "use strict"
  const IDLE = 5 * 60 * 1000, SLOW = 60
  let touched = Date.now(), timer = 0
  const poll = () => document.querySelector("[data-poll]")

  // Give or take a fifth, so that a thousand pages do not ask at once; once a minute when nobody is here.
  function plan() {
    clearTimeout(timer)
    if (!poll()) return
    const seconds = Date.now() - touched > IDLE ? SLOW : +poll().dataset.poll
    timer = setTimeout(ask, seconds * 1000 * (0.8 + Math.random() * 0.4))
  }
  function ask() {
    if (!document.hidden && poll()) window.htmx.trigger(poll(), "rozoom:poll")
    plan()
  }
  for (const name of ["pointerdown", "keydown", "scroll"]) addEventListener(name, () => { touched = Date.now() }, { passive: true })
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { touched = Date.now(); ask() } })
  plan()

  let unsaved = null
  document.addEventListener("input", (event) => { if (event.target.matches("[data-draft-url]")) unsaved = event.target })
  document.addEventListener("submit", (event) => { if (unsaved?.form === event.target) unsaved = null })
  addEventListener("pagehide", () => {
    if (!unsaved?.isConnected) return
    const token = unsaved.form.elements.csrfmiddlewaretoken.value
    const body = new URLSearchParams({ [unsaved.name]: unsaved.value })
    fetch(unsaved.dataset.draftUrl, { method: "POST", headers: { "X-CSRFToken": token }, body, keepalive: true })
    unsaved = null
  })
})()
