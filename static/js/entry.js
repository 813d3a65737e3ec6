// Forms typed in from paper by keys alone. Without this file every answer is typed and sent just the same, with Tab.
const form = document.querySelector("[data-entry-form]");

if (form) {
  const said = form.querySelector("[data-entry-said]");
  const save = form.querySelector("[data-entry-save]");
  const fields = () =>
    [...form.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(
      (field) => !field.closest("[hidden]") && !field.disabled,
    );

  const say = (words) => {
    said.textContent = "";
    // A region that is filled again with the same words says nothing.
    requestAnimationFrame(() => (said.textContent = words));
  };

  const goTo = (field) => {
    field.focus();
    if (field.select) field.select();
  };

  const next = (field) => {
    const all = fields();
    const following = all[all.indexOf(field) + 1];
    if (following) goTo(following);
    else save.focus();
  };

  // Numbers of the options typed in, of several options one after the other.
  const typedNumbers = (field) => {
    const parts = field.value.split(/[\s,;.]+/).filter(Boolean);
    const options = form.querySelectorAll(`#${CSS.escape(field.id)}-options li`).length;
    return options > 9 || "nps" in field.dataset ? parts : parts.flatMap((part) => [...part]);
  };

  // A question behind a condition is there once its condition is met. What was typed there stays, and does not count.
  const showAsked = () => {
    form.querySelectorAll("[data-asked-by]").forEach((question) => {
      const asking = form.elements.namedItem(question.dataset.askedBy);
      const isAsked = !asking.closest("[hidden]");
      const wanted = question.dataset.askedOn.split(" ");
      question.hidden = !(isAsked && typedNumbers(asking).some((number) => wanted.includes(String(Number(number)))));
    });
  };

  // By telephone there is no paper with a number.
  const mode = form.elements.namedItem("entry-mode");
  const number = form.elements.namedItem("entry-number");
  const showNumber = () => {
    if (mode && number) number.closest(".field").hidden = mode.value === "phone";
  };

  const objection = (field) => {
    const options = form.querySelectorAll(`#${CSS.escape(field.id)}-options li`).length;
    if ("nps" in field.dataset) return /^(10|\d)?$/.test(field.value) ? "" : "От 0 до 10";
    if (!options || !field.value) return "";
    const isOption = (one) => /^\d{1,3}$/.test(one) && Number(one) >= 1 && Number(one) <= options;
    return typedNumbers(field).every(isOption) ? "" : `Номер ответа от 1 до ${options}`;
  };

  form.addEventListener("input", (event) => {
    const field = event.target;
    showAsked();
    showNumber();
    const wrong = objection(field);
    if ("entry" in field.dataset) {
      if (wrong) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    if (wrong) {
      say(wrong);
      return;
    }
    const goesOn = Number(field.dataset.goesOn || 0);
    const isFull = goesOn && field.value.length >= goesOn;
    // Of 0 to 10 only «1» may have another digit after it.
    const isNps = "nps" in field.dataset && /^(10|0|[2-9])$/.test(field.value);
    if ((isFull || isNps) && event.inputType && event.inputType.startsWith("insert")) next(field);
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "F2" || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      form.requestSubmit(save);
      return;
    }
    const field = event.target;
    if (event.key !== "Enter" || event.shiftKey || !field.matches("input, select, textarea")) return;
    event.preventDefault();
    if ("blocks" in field.dataset) form.requestSubmit(form.querySelector("[name=entry-blocks]"));
    else next(field);
  });

  showAsked();
  showNumber();
  if (!document.querySelector("[data-error-summary]")) {
    const first = fields();
    const isFirstForm = !form.elements.namedItem("entry-day").value;
    const wanted = isFirstForm
      ? form.elements.namedItem("entry-day")
      : number && !number.closest("[hidden]")
        ? number
        : first.find((field) => "entry" in field.dataset);
    if (wanted) goTo(wanted);
  }
}
