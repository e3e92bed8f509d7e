// A shop's usual little script: keeps a form from being sent twice, and warns before leaving a filled one.
(function () {
  "use strict";
  var touched = false;
  document.querySelectorAll("form").forEach(function (form) {
    form.addEventListener("input", function () {
      touched = form.method === "post";
    });
    form.addEventListener("submit", function () {
      touched = false;
      var button = form.querySelector("button[type=submit]");
      if (button) {
        button.disabled = true;
        window.setTimeout(function () { button.disabled = false; }, 5000);
      }
    });
  });
  window.addEventListener("beforeunload", function (event) {
    if (touched) {
      event.preventDefault();
    }
  });
})();
