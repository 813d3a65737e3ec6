"use strict";
// The page that shows the API: Swagger UI over the portal's own schema. Without a script the link to the schema stays.
const place = document.getElementById("api-docs");
window.SwaggerUIBundle({ url: place.dataset.schema, domNode: place, validatorUrl: null, deepLinking: true, tryItOutEnabled: false });
