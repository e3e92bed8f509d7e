-- Says the quantiles of all latencies, in microseconds.
function done(_, latency, _)
  for _, percent in ipairs({ 50, 95, 99 }) do
    print(string.format("quantile %d %d", percent, latency:percentile(percent)))
  end
end
