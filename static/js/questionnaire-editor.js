// The editor of questionnaires: dragging, and fewer pages loaded. Every button works without this file.
(() => {
  const outline = () => document.getElementById("outline");
  const phone = document.getElementById("phone");

  const post = (values) => {
    const form = outline();
    htmx.ajax("POST", form.dataset.move, {
      source: form,
      target: "#outline",
      swap: "outerHTML",
      values: { ...values, revision: form.dataset.revision },
    });
  };

  // Drag ---------------------------------------------------------------------------------------------------------------

  const makeSortable = () => {
    const form = outline();
    if (!form || !window.Sortable) return;
    const common = { animation: 150, handle: "[data-grip]", draggable: ">[data-item]" };
    Sortable.create(form.querySelector("[data-sections]"), {
      ...common,
      onEnd: ({ item, newDraggableIndex, oldDraggableIndex }) => {
        if (newDraggableIndex === oldDraggableIndex) return;
        post({ item: item.dataset.item, position: newDraggableIndex });
      },
    });
    form.querySelectorAll("[data-questions]").forEach((list) => {
      Sortable.create(list, {
        ...common,
        group: "questions",
        onEnd: ({ item, from, to, newDraggableIndex, oldDraggableIndex }) => {
          if (from === to && newDraggableIndex === oldDraggableIndex) return;
          post({ item: item.dataset.item, section: to.dataset.questions, position: newDraggableIndex });
        },
      });
    });
  };
  makeSortable();

  // A button with an address of its own is an ordinary one.
  document.addEventListener("htmx:confirm", (event) => {
    const button = event.detail.triggeringEvent?.submitter;
    if (!button || !("plain" in button.dataset)) return;
    event.preventDefault();
    const form = event.detail.elt;
    form.action = button.formAction;
    HTMLFormElement.prototype.submit.call(form);
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "outline" && event.detail.elt.id !== "outline") return;
    makeSortable();
    // The page of the respondent follows each change.
    phone?.contentWindow.location.reload();
  });

  // A question -----------------------------------------------------------------------------------------------------------

  const form = document.getElementById("question-form");
  if (!form) return;

  // Another type or another question of the condition: the server shows the form that fits, with all that was typed.
  const show = (what) => {
    const wish = document.createElement("input");
    wish.type = "hidden";
    wish.name = "do";
    wish.value = what;
    form.append(wish);
    form.submit();
  };
  form.querySelector("[name=type]")?.addEventListener("change", () => show("type"));
  form.querySelector("[name=condition]")?.addEventListener("change", () => show("condition"));

  // Options change places without a page being loaded.
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-option]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("li");
    const up = button.dataset.option === "up";
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (up) other.before(row);
    else other.after(row);
    button.focus();
    [...row.parentElement.children].forEach((one, at) => {
      one.querySelector("[name=option_title]").setAttribute("aria-label", `Вариант ${at + 1}`);
      one.querySelectorAll("[data-option]").forEach((each) => {
        each.value = `${each.dataset.option}:${at}`;
        each.setAttribute("aria-label", `${each.dataset.option === "up" ? "Выше" : "Ниже"}: вариант ${at + 1}`);
      });
    });
  });
})();
