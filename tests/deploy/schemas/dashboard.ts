// A dashboard as a file: Grafana's own types, put together by the kind of panel. Keys that they do not have are refused.
import type * as raw from "grafana/dashboard/x/types.gen";
import type * as heatmap from "grafana/composable/heatmap/panelcfg/x/types.gen";
import type * as stat from "grafana/composable/stat/panelcfg/x/types.gen";
import type * as table from "grafana/composable/table/panelcfg/x/types.gen";
import type * as timeseries from "grafana/composable/timeseries/panelcfg/x/types.gen";

// What the Prometheus data source asks; @grafana/schema leaves data sources out.
// https://grafana.com/docs/grafana/latest/datasources/prometheus/query-editor/
interface PrometheusQuery {
  refId: string;
  datasource?: { type: "prometheus"; uid: string };
  hide?: boolean;
  expr: string;
  legendFormat?: string;
  format?: "time_series" | "table" | "heatmap";
  instant?: boolean;
  range?: boolean;
  exemplar?: boolean;
  interval?: string;
}

interface Drawn<Kind extends string, Options, Custom>
  extends Omit<raw.Panel, "type" | "options" | "fieldConfig" | "targets"> {
  type: Kind;
  options: Partial<Options>;
  fieldConfig: {
    defaults: Omit<raw.FieldConfig, "custom"> & { custom?: Partial<Custom> };
    overrides: NonNullable<raw.Panel["fieldConfig"]>["overrides"];
  };
  targets: PrometheusQuery[];
}

// The footer is what Grafana had before each column got its own; it still reads it.
interface TableOptions extends table.Options {
  footer?: { show: boolean; countRows?: boolean; reducer: string[]; fields?: string[] };
}

/** @discriminator type */
type AnyPanel =
  | raw.RowPanel
  | Drawn<"heatmap", heatmap.Options, heatmap.FieldConfig>
  | Drawn<"stat", stat.Options, Record<string, never>>
  | Drawn<"table", TableOptions, table.FieldConfig>
  | Drawn<"timeseries", timeseries.Options, timeseries.FieldConfig>;

interface PrometheusEvents extends Omit<raw.AnnotationQuery, "target"> {
  expr: string;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
  step?: string;
  useValueForTime?: boolean | "on" | "off";
}

// The query editor keeps what was asked beside the query; interval variables have the three others.
interface Variable extends raw.VariableModel {
  definition?: string;
  auto?: boolean;
  auto_min?: string;
  auto_count?: number;
}

export interface DashboardFile extends Omit<raw.Dashboard, "panels" | "annotations" | "templating"> {
  panels: AnyPanel[];
  templating: { list: Variable[] };
  annotations: { list: PrometheusEvents[] };
}
