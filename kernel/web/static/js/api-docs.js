// Draws the OpenAPI document of this portal. Nothing is sent anywhere else: no validator, no fonts, no analytics.
"use strict";

addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("api");
  window.SwaggerUIBundle({
    url: place.dataset.document,
    domNode: place,
    deepLinking: true,
    validatorUrl: null,
    persistAuthorization: false,
    displayRequestDuration: true,
  });
});
