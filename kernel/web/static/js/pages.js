// Small things that some pages want beyond sokham.js. Each page works without them.
(() => {
  "use strict";

  // An invite's link carries its code behind #, which browsers do not send: <input data-from-fragment>.
  const code = decodeURIComponent(window.location.hash.slice(1));
  const field = document.querySelector("[data-from-fragment]");
  if (field && code) {
    // Out of the address and of the history at once, so that nobody reads it over a shoulder.
    window.history.replaceState(null, "", window.location.pathname);
    field.value = code;
    field.form.requestSubmit();
  }

  // A filter that is applied when it is changed: <form data-send-on-change>.
  for (const form of document.querySelectorAll("form[data-send-on-change]")) {
    form.addEventListener("change", (event) => {
      if (event.target.checkValidity()) form.requestSubmit();
    });
  }

  // The browser's own dialog for printing: <button data-print>.
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
  });
})();
