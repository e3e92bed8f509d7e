// One page of 100 KB, unpacked and looked at.
import http from 'k6/http';

const url = `${__ENV.BENCH_URL}/catalogue.html`;
const params = { headers: { Accept: '*/*', 'Accept-Encoding': 'gzip, deflate, br' } };

export default function () {
  if (!http.get(url, params).body.includes('<title>catalogue</title>')) throw new Error('no catalogue');
}
