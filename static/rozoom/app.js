// Shared by all pages, which work without it too.
(() => {
  "use strict"
  document.documentElement.classList.add("js")
  const $ = (selector, root = document) => root.querySelector(selector)
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
  const say = (text) => { $("#status").textContent = text }
  const focus = (element) => {
    if (!element) return
    if (!element.matches("a,button,input,select,textarea,[tabindex]")) element.tabIndex = -1
    element.focus()
  }
  window.rozoom = { say }

  // Focus goes to the error summary; the title says so.
  function showErrors(root) {
    const summary = $("[data-error-summary]", root.parentNode || root)
    if (summary && !document.title.startsWith("Error: ")) document.title = `Error: ${document.title}`
    focus(summary)
    return summary
  }

  // A second click on Send is ignored.
  const going = new WeakMap()
  function release(form) {
    const state = going.get(form)
    if (!state) return
    clearTimeout(state.timer)
    if (state.button) { state.button.innerHTML = state.label; state.button.removeAttribute("aria-busy") }
    going.delete(form)
  }
  document.addEventListener("submit", (event) => {
    const form = event.target, button = event.submitter
    if (form.method !== "post") return
    if (going.has(form)) { event.preventDefault(); event.stopImmediatePropagation(); return }
    keepUntilArrived(form)
    const state = { button: form.hasAttribute("data-once") ? button : null, label: button?.innerHTML }
    state.timer = setTimeout(() => {
      if (state.button) { state.button.setAttribute("aria-busy", "true"); state.button.textContent = "Sending…" }
      state.timer = setTimeout(() => release(form), 20000)
    }, 300)
    going.set(form, state)
  }, true)
  addEventListener("pageshow", () => $$("form").forEach(release))

  // Drafts go to the server after 2 s of rest; while that fails, and while a form is on its way, this tab keeps a copy.
  const who = document.body.dataset.who
  const key = (area) => `draft:${who}:${area.dataset.draftUrl}`
  const saved = (area, text) => { const line = $("[data-saved]", area.closest("form")); if (line) line.textContent = text }
  const keep = (area) => { try { sessionStorage.setItem(key(area), area.value) } catch { /* full or off */ } }
  const draftBody = (area) => {
    const acting = $("[name=acting]", area.form)
    return new URLSearchParams({ [area.name]: area.value, ...(acting && { acting: acting.value }) })
  }
  window.rozoom.draftBody = draftBody
  const forget = (keys) => keys.forEach((one) => sessionStorage.removeItem(one))
  const drafts = (form) => $$("[data-draft-url]", form)
  // The next page may be a sign-in or an error: copies go only when the server says that this form was done (say_arrived).
  function keepUntilArrived(form) {
    const areas = drafts(form)
    if (!areas.length || !who) return
    for (const area of areas) { clearTimeout(area.draftTimer); keep(area) }
    const id = Date.now().toString(16)
    try { sessionStorage.sending = JSON.stringify({ id, keys: areas.map(key) }) } catch { return }
    document.cookie = `sending=${id}; path=/; max-age=60; samesite=lax`
  }
  function look() {
    const { id, keys } = JSON.parse(sessionStorage.sending || "{}")
    delete sessionStorage.sending
    if (id && document.cookie.includes(`arrived-${id}=`)) forget(keys)
  }
  async function saveDraft(area) {
    const text = area.value
    const token = $("[name=csrfmiddlewaretoken]", area.form)?.value
    try {
      const body = draftBody(area)
      const answer = await fetch(area.dataset.draftUrl, { method: "POST", headers: { "X-CSRFToken": token }, body, redirect: "error" })
      if (!answer.ok) throw new Error(answer.status)
      sessionStorage.removeItem(key(area))
      saved(area, `Saved ${new Date().toTimeString().slice(0, 5)}`)
    } catch {
      keep(area)
      saved(area, "Not saved on the server yet. This tab keeps your text.")
      area.draftTimer = setTimeout(() => area.isConnected && saveDraft(area), 15000)
    }
  }
  document.addEventListener("input", (event) => {
    const area = event.target
    if (!area.matches("[data-draft-url]")) return
    clearTimeout(area.draftTimer)
    area.draftTimer = setTimeout(() => saveDraft(area), 2000)
  })
  function restoreDrafts(root) {
    for (const area of drafts(root)) {
      const kept = who && sessionStorage.getItem(key(area))
      if (kept && kept !== area.value) { area.value = kept; saved(area, "Your text came back from this tab."); saveDraft(area) }
    }
  }

  // A word at once about files that are too large.
  const size = (n) => n < 1048576 ? `${Math.max(1, Math.round(n / 1024))} kB` : `${(n / 1048576).toFixed(n < 10485760 ? 1 : 0)} MB`
  document.addEventListener("change", (event) => {
    const input = event.target
    const list = input.type === "file" && $(`[data-chosen="${input.id}"]`)
    if (!list) return
    const { maxBytes, maxFiles } = input.dataset
    const line = (textContent, bad) => Object.assign(document.createElement("li"), { textContent, className: bad ? "err" : "" })
    const lines = [...input.files].map((file) => maxBytes && file.size > maxBytes
      ? line(`${file.name} must be smaller than ${size(+maxBytes)}`, true) : line(`${file.name}, ${size(file.size)}`))
    if (maxFiles && input.files.length > maxFiles) lines.unshift(line(`Choose at most ${maxFiles} files`, true))
    list.replaceChildren(...lines)
  })

  document.addEventListener("click", (event) => {
    for (const menu of $$("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false
    event.target.closest?.("[data-dismiss]")?.closest("[data-dismissable]").remove()
    const copy = event.target.closest?.("[data-copy]")
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => say("Copied"))
  })
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    const menu = event.target.closest?.("[data-menu][open]")
    if (menu) { event.preventDefault(); menu.open = false; $("summary", menu).focus() }
    say("")
  })

  // htmx: a failed send says so and offers to try again; focus is never lost.
  const bar = $("#send-failed")
  let failed = null, place = null
  function fail(event, gone) {
    const { elt, requestConfig } = event.detail
    if (event.detail.xhr?.status === 401 || elt.closest("[data-quiet]")) return
    const form = requestConfig.verb !== "get" && elt.closest("form")
    failed = { elt: form || elt, submitter: form && requestConfig.triggeringEvent?.submitter }
    $("[data-words]", bar).textContent = `${form ? "Not sent. Your text is saved." : "Could not load this."} ${gone ? "Check your connection." : "Something went wrong on our side."}`
    bar.hidden = false
  }
  const close = () => { bar.hidden = true }
  $("[data-close]", bar).addEventListener("click", close)
  $("[data-retry]", bar).addEventListener("click", () => {
    close()
    if (!failed.elt.isConnected) location.reload()
    else if (failed.elt.matches("form")) failed.elt.requestSubmit(failed.submitter)
    else window.htmx.trigger(failed.elt, "click")
  })
  const on = (name, run) => document.addEventListener(`htmx:${name}`, run)
  on("sendError", (event) => fail(event, true))
  on("timeout", (event) => fail(event, true))
  on("responseError", (event) => fail(event, false))
  function comeBack() {
    if (place && document.activeElement === document.body) {
      const row = place.map((id) => id && document.getElementById(id)).find(Boolean)
      focus(row ? (row.matches("a,button,input") ? row : $("a,button", row) || row) : $("[data-list-heading], h1"))
    }
    place = null
  }
  on("afterRequest", (event) => {
    const { elt, verb } = event.detail.requestConfig // not what took its place
    const form = verb !== "get" && elt.closest("form")
    const { status } = event.detail.xhr
    if (form) { release(form); if (status >= 200 && status < 400) forget(drafts(form).map(key)) } // 409 and 422 are shown, not done
    if (form && event.detail.successful) close() // a poll that got through does not dismiss it
    setTimeout(comeBack, 40) // a row that went away settles nothing
  })
  on("beforeSwap", (event) => {
    const active = document.activeElement
    const row = active !== document.body && event.detail.target.contains(active) && active.closest("[data-row], tr, li, article")
    place = row && [active.id, row.nextElementSibling?.id, row.previousElementSibling?.id]
  })
  on("afterSettle", (event) => {
    const root = event.detail.elt
    restoreDrafts(root)
    if (showErrors(root)) return
    const wanted = root.matches("[data-focus]") ? root : $("[data-focus]", root)
    if (wanted) { wanted.removeAttribute("data-focus"); focus(wanted) }
  })

  look()
  restoreDrafts(document)
  // Later than the browser's own way to the fragment, which takes the focus off everything.
  if (!showErrors(document) && location.hash.startsWith("#m")) {
    addEventListener("load", () => setTimeout(() => focus($(`${CSS.escape(location.hash).replace("\\#", "#")} h3`))))
  }
})()
