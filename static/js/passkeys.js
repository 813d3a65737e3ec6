// What a person reads when the browser made or found no passkey; allauth's own script says it to the console only.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const places = document.querySelectorAll("[data-passkey-error]");
  const name = event.detail.exception?.name;
  const words = {
    NotAllowedError: "Ключ не подтверждён: Вы отказались или время вышло. Попробуйте ещё раз.",
    InvalidStateError: "Ключ этого устройства уже добавлен.",
    NotSupportedError: "Это устройство не умеет делать такие ключи.",
  };
  places.forEach((place) => {
    place.textContent = words[name] ?? "Браузер не смог воспользоваться ключом доступа. Попробуйте другой способ.";
    place.hidden = false;
  });
});
