// Three pages of 1 KB; the next iteration begins without cookies, as k6 has it, and with a new connection.
import http from 'k6/http';

export const options = { discardResponseBodies: true, noVUConnectionReuse: true };

const url = `${__ENV.BENCH_URL}/page.html`;
const params = { headers: { Accept: '*/*', 'Accept-Encoding': 'gzip, deflate, br' } };

export default function () {
  http.get(url, params);
  http.get(url, params);
  http.get(url, params);
}
