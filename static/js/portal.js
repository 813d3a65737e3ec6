// Progressive enhancement only: every page does its job without this file.
document.documentElement.classList.add("js");
if (!navigator.clipboard) document.documentElement.classList.add("no-clipboard");

// Menus made of <details> close with Escape and with a click elsewhere.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");
document.addEventListener("click", (event) => {
  openMenus().forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  openMenus().forEach((menu) => {
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) menu.querySelector("summary").focus();
  });
});

// A form that came back with mistakes: the list of them is read first.
document.querySelector("[data-error-summary]")?.focus();

// A second click while the first is on its way sends nothing. Going back, or a reply that was a file, frees the form.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Buttons that exist only where a script can serve them.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-print],[data-copy]");
  if (!button) return;
  if ("print" in button.dataset) window.print();
  if (button.dataset.copy) {
    navigator.clipboard.writeText(button.dataset.copy).then(() => {
      const label = button.querySelector("[data-copy-label]") ?? button;
      const before = label.textContent;
      label.textContent = "Скопировано";
      setTimeout(() => (label.textContent = before), 2000);
    });
  }
});
