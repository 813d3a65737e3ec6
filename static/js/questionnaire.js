// The public questionnaire works without this. With it, what is typed stays on this phone until it has been sent, and answers
// given without a network go out when it is back. Nothing is sent anywhere but to the portal, in the form of the page itself.
(() => {
  "use strict";

  const KEPT = 3 * 24 * 60 * 60 * 1000; // milliseconds: as long as the portal keeps what was saved there
  const RETRY = 10000;
  const PATIENCE = 8000;
  const PREFIX = "nsi-answers:";
  const place = PREFIX + location.pathname;

  // What the phone keeps. A browser may allow nothing of it: then only the page itself remembers.
  const recall = (name) => {
    try {
      const kept = JSON.parse(localStorage.getItem(name));
      return kept && Date.now() - kept.at < KEPT ? kept : null;
    } catch {
      return null;
    }
  };
  const forget = (name) => {
    try {
      localStorage.removeItem(name);
    } catch {
      // Nothing was kept either.
    }
  };
  const forgetOld = () => {
    try {
      Object.keys(localStorage).filter((name) => name.startsWith(PREFIX) && !recall(name)).forEach(forget);
    } catch {
      // As above.
    }
  };

  forgetOld();
  if (document.querySelector("[data-sent]")) {
    forget(place);
    return;
  }
  const form = document.querySelector("form[data-state]");
  if (!form) return;
  const keeps = form.hasAttribute("data-keep");
  const key = form.querySelector("[name=key]").value;
  const fields = () => [...new FormData(form)].filter(([, value]) => typeof value === "string");
  const remember = () => {
    if (!keeps) return;
    try {
      localStorage.setItem(place, JSON.stringify({ at: Date.now(), key, fields: fields() }));
    } catch {
      // Full or forbidden.
    }
  };
  const input = (name, value) => Object.assign(document.createElement("input"), { type: "hidden", name, value });
  // A field of the questionnaire may be called «submit» too.
  const submit = (which) => HTMLFormElement.prototype.submit.call(which);

  // Come back to a page that knows less than the phone: the portal draws it anew with what was typed.
  const kept = keeps ? recall(place) : null;
  if (kept && (form.dataset.state === "blank" || (form.dataset.state === "draft" && kept.key === key))) {
    const copy = document.createElement("form");
    copy.method = "post";
    copy.action = form.action;
    copy.hidden = true;
    kept.fields.concat([["_do", "resume"]]).forEach(([name, value]) => copy.append(input(name, value)));
    document.body.append(copy);
    submit(copy);
    return;
  }
  if (form.dataset.state === "typed") remember();
  form.addEventListener("input", remember);

  // Sending. The portal is asked for a sign of life first: a form that is sent into nowhere would be lost behind the
  // browser's own page of errors.
  const offline = document.getElementById("offline");
  let pressed = null;
  let added = null;
  let waiting = 0;
  let busy = false;
  const isThere = () => {
    if (navigator.onLine === false) return Promise.resolve(false);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    return fetch(location.href, { method: "HEAD", cache: "no-store", credentials: "omit", signal: stop.signal })
      .then((answer) => answer.status < 500, () => false)
      .finally(() => clearTimeout(timer));
  };
  const send = async () => {
    if (busy) return;
    busy = true;
    clearTimeout(waiting);
    waiting = 0;
    remember();
    if (await isThere()) {
      if (added) added.remove();
      added = pressed && pressed.name ? input(pressed.name, pressed.value) : null;
      if (added) form.append(added);
      submit(form);
      return;
    }
    busy = false;
    waiting = setTimeout(send, RETRY);
    if (offline.hidden) {
      offline.hidden = false;
      offline.focus();
    }
  };
  // A click comes before each sending, also when Enter was pressed.
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) pressed = button;
  });
  form.addEventListener("submit", (event) => {
    if (pressed && pressed.value === "restart") {
      forget(place);
      return;
    }
    event.preventDefault();
    send();
  });
  addEventListener("online", () => {
    if (waiting) send();
  });
  // Brought back by the browser's own «back».
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    busy = false;
    pressed = null;
    if (added) added.remove();
    added = null;
  });
})();
