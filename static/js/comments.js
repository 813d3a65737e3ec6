// Coding of comments faster; all of it works without this file.
// In the form of one comment: digits mark themes in their order, Enter saves. Only while the focus is in that form.
const coding = document.querySelector("form[data-coding]");
if (coding) {
  const themes = coding.querySelectorAll('input[type="checkbox"][name="themes"]');
  themes[0]?.focus({ preventScroll: true });
  coding.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "SELECT") return;
    if (/^[0-9]$/.test(event.key)) {
      const theme = themes[(Number(event.key) + 9) % 10];
      if (theme) {
        theme.checked = !theme.checked;
        theme.focus();
        event.preventDefault();
      }
    } else if (event.key === "Enter" && event.target.type === "checkbox") {
      event.preventDefault();
      coding.requestSubmit();
    }
  });
}

// In the list: how many rows are marked, and all of them at once.
const counter = document.querySelector("[data-chosen]");
if (counter) {
  const boxes = [...document.querySelectorAll('input[name="comments"][form="coding"]')];
  const count = () => (counter.textContent = boxes.filter((box) => box.checked).length);
  boxes.forEach((box) => box.addEventListener("change", count));
  document.querySelector("[data-choose-all]").addEventListener("click", () => {
    const all = boxes.every((box) => box.checked);
    boxes.forEach((box) => (box.checked = !all));
    count();
  });
  count();
}
