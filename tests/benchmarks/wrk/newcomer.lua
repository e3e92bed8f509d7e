-- Every third request asks to close the connection, so that each carries three of them on average.
local stay, leave
local sent = 0

function init()
  stay = wrk.format("GET", "/page.html")
  leave = wrk.format("GET", "/page.html", { ["Connection"] = "close" })
end

function request()
  sent = sent + 1
  return sent % 3 == 0 and leave or stay
end
