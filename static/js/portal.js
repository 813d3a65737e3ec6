// Progressive enhancement only: every page does its job without this file.
document.documentElement.classList.add("js");
if (!navigator.clipboard) document.documentElement.classList.add("no-clipboard");

// Many filters fold on a phone, unless one of them is set: then it must be seen why rows are missing.
if (window.matchMedia("(max-width: 37.5em)").matches) {
  const asked = [...new URLSearchParams(window.location.search)].filter(([, value]) => value);
  document.querySelectorAll("details[data-fold]").forEach((fold) => {
    fold.open = asked.some(([name]) => fold.querySelector(`[name="${CSS.escape(name)}"]`));
  });
}

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
// A form whose action cannot be taken back asks first: <form data-confirm="…">.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent || (form.dataset.confirm && !window.confirm(form.dataset.confirm))) {
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
      // The words follow the icon.
      const words = button.lastChild;
      const before = words.textContent;
      words.textContent = " Скопировано";
      setTimeout(() => (words.textContent = before), 2000);
    });
  }
});
