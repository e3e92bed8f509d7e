// What the Prometheus operator takes as a ServiceMonitor, by types that were made from its own Go.
import type { IServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";

export type ServiceMonitorFile = IServiceMonitor;
