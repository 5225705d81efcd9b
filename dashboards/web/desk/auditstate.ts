// What of the audit is asked for; other views lead there.

import { signal } from "@preact/signals";

export interface AuditFilter {
  alert: string;
  actor: string;
  from: string;
  to: string;
}

export const audited = signal<AuditFilter>({ alert: "", actor: "", from: "", to: "" });
