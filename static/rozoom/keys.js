// Every key clicks a real control (data-key) that shows, itself or its menu. Rows of [data-list] add j k o.
(() => {
  "use strict"
  if (!("keys" in document.body.dataset)) return
  const WAIT = 1500
  const visible = (element) => (element.closest("[data-menu]:not([open])") || element).checkVisibility()
  const controls = () => [...document.querySelectorAll("[data-key]")].filter(visible)
  const find = (sequence) => controls().find((control) => control.dataset.key === sequence)
  const name = (control) => (control.dataset.keyName || control.getAttribute("aria-label") || (control.labels?.[0] || control).innerText).replace(/\s+/g, " ").trim()
  const typing = (element) => element.isContentEditable || (element.matches("input,select,textarea") && !/^(checkbox|radio|button|submit)$/.test(element.type))
  let pending = "", timer = 0

  function label() {
    for (const control of controls()) {
      const keys = control.dataset.key.replace("Mod", "Control")
      control.setAttribute("aria-keyshortcuts", keys)
      control.title ||= `Key: ${keys}`
    }
  }

  const rows = () => [...document.querySelectorAll("[data-list] [data-row]")].filter(visible)
  const rowNow = () => document.activeElement.closest?.("[data-row]")
  const link = (row) => row.querySelector("[data-row-link], a")
  function moveRow(step) {
    const all = rows()
    if (!all.length) return false
    const at = all.indexOf(rowNow())
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)
    link(all[next]).focus()
    all[next].scrollIntoView({ block: "nearest" })
    return true
  }
  const listKeys = {
    j: () => moveRow(1),
    k: () => moveRow(-1),
    o: () => rowNow() && (link(rowNow()).click(), true),
  }

  const dialog = document.getElementById("keys"), field = dialog?.querySelector("input"), list = dialog?.querySelector("ul")
  function sheet(search) {
    if (!dialog) return
    const entries = controls().map((control) => [name(control), control.dataset.key.replace("Mod", "Control"), () => control.click()])
    if (rows().length) entries.push(["Next row", "j", () => moveRow(1)], ["Previous row", "k", () => moveRow(-1)], ["Open the row", "o", () => link(rowNow() || rows()[0]).click()])
    list.replaceChildren(...entries.map(([text, keys, run]) => {
      const item = document.createElement("li"), button = document.createElement("button"), key = document.createElement("span")
      button.append(text, key)
      key.append(...keys.split(/[ +]/).map((one) => Object.assign(document.createElement("kbd"), { textContent: one })))
      button.addEventListener("click", () => { dialog.close(); run() })
      item.append(button)
      return item
    }))
    field.value = ""
    dialog.showModal()
    if (search) field.focus()
  }
  field?.addEventListener("input", () => {
    for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(field.value.toLowerCase())
  })
  field?.addEventListener("keydown", (event) => { if (event.key === "Enter") list.querySelector("li:not([hidden]) button")?.click() })

  function press(control) {
    control.focus()
    if (typing(control)) control.select?.()
    else control.click()
  }

  function clear() {
    clearTimeout(timer)
    if (pending) window.rozoom?.say("")
    pending = ""
  }

  function wait(sequence) {
    pending = sequence
    timer = setTimeout(clear, WAIT)
    if (!find(sequence)) window.rozoom?.say(`${sequence} …`)
  }

  document.addEventListener("keydown", (event) => {
    const { key, target } = event
    if (event.defaultPrevented || event.isComposing || event.altKey || document.querySelector("dialog[open]")) return
    const mod = event.ctrlKey || event.metaKey
    if (mod && key.toLowerCase() === "k") { event.preventDefault(); return sheet(true) }
    if (typing(target)) {
      const inside = mod && key === "Enter" ? `Mod+${event.shiftKey ? "Shift+" : ""}Enter` : key === "Escape" ? "Escape" : ""
      if (!inside || !target.matches("[data-composer]")) return
      event.preventDefault()
      return inside === "Escape" ? target.blur() : find(inside)?.click()
    }
    if (mod || key === "Shift") return
    if (key === "?") { event.preventDefault(); clear(); return sheet(false) }
    const sequence = pending ? `${pending} ${key}` : key
    const control = find(sequence) || (pending && find(key))
    const starts = controls().some((one) => one.dataset.key.startsWith(`${sequence} `))
    const had = pending
    clear()
    if (control) press(control)
    else if (!starts && (had || !listKeys[key]?.())) return
    if (starts) wait(sequence)
    event.preventDefault()
  })

  label()
  document.addEventListener("htmx:afterSettle", label)
})()
