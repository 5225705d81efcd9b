// What the server sends to the desk alone.

import type { AlertProperties, Level, Maintenance, Text } from "../shared/wire";

export interface Standing {
  level: Level;
  condition: AlertProperties["condition"];
  handling: AlertProperties["handling"];
  handled_by?: string;
  stale?: boolean;
  assigned?: string;
  maintenance?: Maintenance;
  shelved?: { until: string; by: string; reason: string };
}

export interface AuditLine {
  n: number;
  at: string;
  reason: string;
  actor?: string;
  note?: string;
  to?: string;
  alert: string;
  rule: string;
  device?: string;
  zone?: string;
  before: Standing | null;
  after: Standing;
}

export interface AuditReport {
  checked: string;
  lines: number;
  hash: string;
  faults: string[];
}

export interface DeadLetter {
  seq: number;
  source: string;
  topic?: string;
  decoder?: string;
  device?: string;
  arrived: string;
  refusal: string;
  detail: string;
  /** Base64. */
  payload: string;
  text?: string;
}

export interface Rule {
  id: string;
  name: Text;
  hazard: string;
  hash: string;
  file: string;
  version?: string;
  detector: string;
  devices: number;
  unconfigured: { device?: string; value: string; level: number }[];
}

export interface RuleBook {
  hash: string;
  since: string;
  rules: Rule[];
}

export interface Signature {
  name: string;
  at: string;
}

export interface HandoverHead {
  id: string;
  version: number;
  by: string;
  created: string;
  leaving?: Signature;
  arriving?: Signature;
  hash?: string;
  open: Record<string, number>;
  cameras: number;
  sensors: number;
  fault?: string;
}

export interface HandoverAlert {
  id: string;
  name: Text;
  device: string;
  zone: string;
  since: string;
  standing: Standing;
}

export interface HandoverPromise {
  due: string;
  by: string;
  note: string;
  done: boolean;
}

export interface Handover {
  id: string;
  version: number;
  by: string;
  created: string;
  taken: string;
  open: HandoverAlert[] | null;
  shelved: HandoverAlert[] | null;
  suppressed: HandoverAlert[] | null;
  quiet: HandoverAlert[] | null;
  service: HandoverAlert[] | null;
  cameras: { id: string; name: string; zone: string; state: string; since?: string }[] | null;
  sensors: { id: string; name: string; zone: string; freshness: string; heard?: string }[] | null;
  audit_lines: number;
  audit_hash: string;
  remarks: string;
  notes: Record<string, string> | null;
  promises: HandoverPromise[] | null;
  leaving?: Signature;
  arriving?: Signature;
  hash?: string;
  fault?: string;
}
