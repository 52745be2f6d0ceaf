// Time left (docs/design-system.md). Words as in rozoom_support/lib/ui/clock.py: one table of tests runs against both.
(() => {
  "use strict"
  const MINUTE = 60, HOUR = 3600, DAY = 86400
  const STALE = 5 * 60 * 1000
  const two = (big, unit, small, smallUnit) => (small ? `${big} ${unit} ${small} ${smallUnit}` : `${big} ${unit}`)

  function amount(s, eachSecond) {
    if (s < 10 * MINUTE && eachSecond) return s < MINUTE ? `${s} s` : `${Math.floor(s / MINUTE)} min ${s % MINUTE} s`
    if (s < MINUTE) return "under 1 min"
    if (s < HOUR) return `${Math.floor(s / MINUTE)} min`
    if (s < 2 * DAY) return two(Math.floor(s / HOUR), "h", Math.floor((s % HOUR) / MINUTE), "min")
    if (s < 10 * DAY) return two(Math.floor(s / DAY), "days", Math.floor((s % DAY) / HOUR), "h")
    return `${Math.floor(s / DAY)} days`
  }

  function words(left, soon, eachSecond) {
    const text = amount(Math.ceil(Math.abs(left) / 1000), eachSecond)
    if (left < 0) return ["Overdue by ", text, ""]
    return soon ? ["Due soon: ", text, ""] : ["", text, " left"]
  }

  // How long this text stays true, in ms.
  function stays(left, eachSecond) {
    const s = Math.ceil(Math.abs(left) / 1000)
    const seconds = eachSecond && s < 10 * MINUTE
    const first = seconds ? s : s - (s % MINUTE)
    if (left < 0) return (seconds ? s : first + MINUTE - 1) * 1000 + left + 1
    return first ? left - (first - 1) * 1000 : left + 1
  }

  const meta = document.querySelector('meta[name="data-now"]')
  const mode = document.body.dataset.clockUpdates || "second"
  const desk = "desk" in document.body.dataset
  const shapes = { ok: "i-clock", soon: "s2", late: "s1" }
  const said = new WeakMap()
  let offset = 0, timer = 0, checked = performance.now()

  function sync(serverNow, age) {
    if (!serverNow) return
    offset = serverNow - (Date.now() - age)
    checked = performance.now()
  }

  // The page's time was true when its first byte came, not when this script ran.
  function age() {
    const entry = performance.getEntriesByType("navigation")[0]
    const past = entry ? performance.now() - entry.responseStart : 0
    return past > 0 && past < 60000 ? past : 0
  }

  function put(node, text) {
    if (node.textContent !== text) node.textContent = text
  }

  function announce(clock, left) {
    const before = said.get(clock)
    said.set(clock, left)
    if (!desk || before === undefined || !clock.dataset.announce) return
    const passed = (ms) => before > ms && left <= ms
    const text = passed(0) ? "overdue now" : passed(300000) ? "5 min left" : passed(900000) ? "15 min left" : ""
    if (text) window.rozoom?.say(`${clock.dataset.announce}: ${text}`)
  }

  function draw(clock, now) {
    const left = clock.dataset.due - now
    const state = left < 0 ? "late" : now >= +clock.dataset.soon ? "soon" : "ok"
    const parts = clock.querySelector(".clock-text").children
    words(left, state === "soon", mode === "second").forEach((text, i) => put(parts[i], text))
    if (clock.dataset.state !== state) {
      clock.dataset.state = state
      const svg = clock.querySelector("svg")
      svg.setAttribute("class", state === "ok" ? "i" : "s")
      svg.firstElementChild.setAttribute("href", `#${shapes[state]}`)
    }
    announce(clock, left)
    const toSoon = clock.dataset.soon - now
    return Math.min(stays(left, mode === "second"), toSoon > 0 ? toSoon : Infinity)
  }

  function tick() {
    clearTimeout(timer)
    if (mode === "fixed" || document.hidden) return
    const now = Date.now() + offset
    let next = Infinity
    for (const clock of document.querySelectorAll("[data-due]")) next = Math.min(next, draw(clock, now))
    if (next < Infinity) timer = setTimeout(tick, Math.min(Math.max(next + 2, 20), 60000))
  }

  async function wake() {
    if (document.hidden) return
    tick()
    if (performance.now() - checked < STALE) return
    checked = performance.now()
    document.body.dispatchEvent(new Event("rozoom:stale"))
    try {
      const answer = await fetch(location.href, { method: "HEAD", headers: { "HX-Request": "true" } })
      sync(+answer.headers.get("X-Server-Now"), 0)
      tick()
    } catch { /* offline: the old offset still holds */ }
  }

  sync(+meta?.content, age())
  tick()
  document.addEventListener("visibilitychange", wake)
  addEventListener("pageshow", (event) => event.persisted && wake())
  document.addEventListener("htmx:beforeSwap", (event) => sync(+event.detail.xhr.getResponseHeader("X-Server-Now"), 0))
  document.addEventListener("htmx:afterSettle", tick)
  window.rozoomClock = { words, stays, tick }
})()
