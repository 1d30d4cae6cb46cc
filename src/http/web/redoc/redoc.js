// redoc.js: Redoc for the API of the server that this page is of.
"use strict";

Redoc.init("/openapi.json", {}, document.getElementById("redoc"));
