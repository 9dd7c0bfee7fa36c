// Small things that some pages want beyond sokham.js. Each page works without them.
(() => {
  "use strict";

  // What sokham.js took from an invite's link goes on by itself: <form data-send-when-filled>.
  const field = document.querySelector("form[data-send-when-filled] [data-from-fragment]");
  // Only once everything has loaded: the form needs its other scripts.
  if (field?.value) window.addEventListener("load", () => field.form.requestSubmit(), { once: true });

  // A filter that is applied when it is changed: <form data-send-on-change>.
  for (const form of document.querySelectorAll("form[data-send-on-change]")) {
    form.addEventListener("change", (event) => {
      if (event.target.checkValidity()) form.requestSubmit();
    });
  }
})();
