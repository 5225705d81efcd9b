// The views besides the overview.

import type { JSX } from "preact";
import { Indicators } from "../shared/indicators";
import { AuditPage } from "./audit";
import { HandoverPage } from "./handover";
import { LettersPage } from "./letters";
import type { View } from "./route";
import { RulesPage } from "./rules";
import { SystemPage } from "./system";
import { CamerasPage, DevicesPage } from "./tables";

export const pages: Record<Exclude<View, "overview">, () => JSX.Element> = {
  devices: () => <DevicesPage />,
  cameras: () => <CamerasPage />,
  rules: () => <RulesPage />,
  handover: () => <HandoverPage />,
  audit: () => <AuditPage />,
  letters: () => <LettersPage />,
  system: () => <SystemPage />,
  indicators: () => (
    <div class="sheet">
      <Indicators />
    </div>
  ),
};
