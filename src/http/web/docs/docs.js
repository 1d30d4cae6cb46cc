// docs.js: Swagger UI for the API of the server that this page is of.
"use strict";

SwaggerUIBundle({
    url: "/openapi.json",
    domNode: document.getElementById("docs"),
    deepLinking: true,
    tryItOutEnabled: true,
    oauth2RedirectUrl: new URL("/docs/oauth2-redirect", location.href).href,
    // Nobody else is asked what they think of the description.
    validatorUrl: null,
});
