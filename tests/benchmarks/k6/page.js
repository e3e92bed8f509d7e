// One page of 1 KB, which nobody looks at.
import http from 'k6/http';

export const options = { discardResponseBodies: true, insecureSkipTLSVerify: true };

const url = `${__ENV.BENCH_URL}/page.html`;
const params = { headers: { Accept: '*/*', 'Accept-Encoding': 'gzip, deflate, br' } };

export default function () {
  http.get(url, params);
}
