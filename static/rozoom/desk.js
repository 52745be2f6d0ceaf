// The desk while it is open: its list, and the caret where one writes.
(() => {
  "use strict"
  const $ = (selector, root = document) => root.querySelector(selector)

  // A list that could not be refreshed says how old it is.
  const old = (event, is) => { const line = event.detail.elt?.matches?.("#poll") && $("#list-old"); if (line) line.hidden = !is }
  document.addEventListener("htmx:afterRequest", (event) => old(event, !event.detail.successful))

  // What a poll puts above the list moves no row: the page scrolls by as much.
  let top = null
  const place = () => $("#results")?.getBoundingClientRect().top
  document.addEventListener("htmx:beforeSwap", (event) => { top = event.detail.elt?.matches?.("[data-poll]") ? place() : null })
  document.addEventListener("htmx:afterSettle", () => {
    if (top === null || top === undefined) return
    const by = place() - top
    if (by) scrollBy({ top: by, behavior: "instant" })
    top = null
  })

  // "Refresh list" keeps the ticket that had the focus, wherever it stands then; so does dismissing an alert.
  const STAY = "[data-refresh], #alerts button"
  let last = "", back = false
  document.addEventListener("focusin", (event) => { last = event.target.closest("[data-row]")?.id || (event.target.closest(STAY) ? last : "") })
  document.addEventListener("click", (event) => { back = !!event.target.closest?.(STAY) })
  document.addEventListener("htmx:afterSettle", (event) => {
    const id = event.detail.target?.id
    if (!back || !["results", "alerts"].includes(id)) return
    back = false
    const row = (last && document.getElementById(last)) || $("#results [data-row]")
    const goal = row ? $("[data-row-link]", row) : $("[data-list-heading]")
    if (goal && !goal.matches("a")) goal.tabIndex = -1
    goal?.focus({ preventScroll: id === "alerts" })
  })

  // An opened composer has the caret behind what is kept; an error summary comes first.
  const area = $("[data-composer]")
  if (area && location.hash === "#compose_text" && !$("[data-error-summary]")) {
    area.focus({ preventScroll: true })
    area.setSelectionRange(area.value.length, area.value.length)
  }

  // After sending: the focus is on the new message already; say so once, and not again on reload.
  const here = new URL(location.href), sent = here.searchParams.get("sent")
  if (sent) {
    here.searchParams.delete("sent")
    history.replaceState(history.state, "", here)
    setTimeout(() => window.rozoom?.say({ public: "Reply sent", partner: "Partner note added", internal: "Internal note added" }[sent] || ""), 100)
  }
})()
