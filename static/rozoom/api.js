// Draws the console of the API from its OpenAPI description. A file of its own, because the policy allows no inline script.
(() => {
  const box = document.getElementById("swagger")
  if (!box || typeof SwaggerUIBundle === "undefined") return
  box.textContent = ""
  SwaggerUIBundle({
    url: box.dataset.url,
    domNode: box,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    persistAuthorization: false,
    validatorUrl: null,
  })
})()
