// Ten exchanges of a buyer; every answer is looked at.
import http from 'k6/http';

const base = __ENV.BENCH_URL;
const headers = { Accept: '*/*', 'Accept-Encoding': 'gzip, deflate, br' };
const params = { headers };
const sendsJson = { headers: { ...headers, Accept: 'application/json', 'Content-Type': 'application/json' } };
const token = /name="csrf" value="(\w+)"/;

function must(holds) {
  if (!holds) throw new Error('not the answer that was expected');
}

export default function () {
  must(http.get(`${base}/home`, params).body.includes('<title>home</title>'));
  must(http.get(`${base}/category/shoes`, params).body.includes('<title>category</title>'));
  const page = http.get(`${base}/product/boots`, params).body;
  must(page.includes('<title>product</title>'));
  must(http.get(`${base}/api/stock`, params).json().pieces > 0);
  const form = { csrf: token.exec(page)[1], product: 'boots', quantity: '1' };
  must(http.post(`${base}/cart/add`, form, params).body.includes('<title>cart</title>'));
  const voucher = JSON.stringify({ code: 'WINTER', cart: ['boots'] });
  must(http.post(`${base}/api/voucher`, voucher, sendsJson).json().accepted);
  must(http.get(`${base}/checkout`, params).body.includes('<title>checkout</title>'));
  must(http.get(`${base}/api/payment`, params).json().accepted);
  must(http.get(`${base}/thanks`, params).body.includes('<title>thanks</title>'));
}
