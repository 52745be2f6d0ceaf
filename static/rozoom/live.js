// A page that is looked at asks for news, and text typed in the last seconds is kept when the page is left.
(() => {
  "use strict"
  const IDLE = 5 * 60 * 1000, SLOW = 60, born = Date.now(), last = {}
  let touched = born, timer = 0

  // Every [data-poll] asks when its seconds have passed, give or take a fifth, so that pages do not ask at once; once a minute
  // when nobody is here, but for what can not wait (data-keen).
  const polls = () => [...document.querySelectorAll("[data-poll]")]
  const pause = ({ dataset }) => {
    const idle = Date.now() - touched > IDLE && !("keen" in dataset)
    return (idle ? Math.max(+dataset.poll, SLOW) : +dataset.poll) * 1000
  }
  const left = (poll) => (last[poll.id] ?? born) + pause(poll) - Date.now()
  function ask() {
    for (const poll of polls()) {
      if (left(poll) > 0) continue
      last[poll.id] = Date.now() + (Math.random() - 0.5) * 0.4 * pause(poll)
      window.htmx.trigger(poll, "rozoom:poll")
    }
    plan()
  }
  function plan() {
    clearTimeout(timer)
    const waits = polls().map(left)
    if (waits.length && !document.hidden) timer = setTimeout(ask, Math.max(50, Math.min(...waits)))
  }
  for (const name of ["pointerdown", "keydown", "scroll"]) addEventListener(name, () => { touched = Date.now() }, { passive: true })
  document.addEventListener("visibilitychange", () => {
    touched = Date.now()
    plan()
  })
  document.addEventListener("htmx:afterSettle", plan)
  plan()

  // All tabs of this browser know at once what one of them learned of the bell: read there, or new. A tab that is hidden
  // asks when it is looked at again, as do all others (see plan).
  const bell = () => document.getElementById("bell-poll"), tabs = window.BroadcastChannel && new BroadcastChannel("rozoom-bell")
  let told = null
  const count = () => JSON.parse(bell()?.getAttribute("hx-vals") || "{}").was
  function tell() {
    const now = count()
    if (now === undefined || now === told) return
    told = now
    tabs?.postMessage(now)
  }
  if (tabs) tabs.onmessage = ({ data }) => {
    if (!bell() || data === count()) return
    told = data
    last[bell().id] = 0
    if (!document.hidden) ask()
  }
  document.addEventListener("htmx:afterSettle", tell)
  addEventListener("pageshow", tell)

  // Signed out meanwhile: a poll takes nobody away from a half-written text.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.status === 401 && event.detail.elt.matches("[data-poll]")) event.preventDefault()
  })

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
