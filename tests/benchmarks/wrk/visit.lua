-- The ten exchanges of a visit in turn, over all connections. Cookies and token are written down here: wrk looks at no
-- answer, follows no redirect and unpacks nothing.
local cookies = "session=8b1f6f0c2d7e4a59; seen=home; cart=boots-1"
local packed = { ["Cookie"] = cookies, ["Accept-Encoding"] = "gzip, deflate, br" }
local form = { ["Cookie"] = cookies, ["Content-Type"] = "application/x-www-form-urlencoded" }
local json = { ["Cookie"] = cookies, ["Content-Type"] = "application/json" }
local exchanges = {}
local sent = 0

function init()
  for _, path in ipairs({ "/home", "/category/shoes", "/product/boots", "/api/stock", "/cart", "/checkout",
                          "/api/payment", "/thanks" }) do
    table.insert(exchanges, wrk.format("GET", path, packed))
  end
  table.insert(exchanges, wrk.format("POST", "/cart/add", form, "csrf=3f9c2b7ad1e84c60&product=boots&quantity=1"))
  table.insert(exchanges, wrk.format("POST", "/api/voucher", json, '{"code": "WINTER", "cart": ["boots"]}'))
end

function request()
  sent = sent + 1
  return exchanges[sent % #exchanges + 1]
end
