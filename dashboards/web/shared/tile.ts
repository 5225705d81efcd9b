// <camera-tile> among the wall's components.

import type { HTMLAttributes } from "preact";
import { moment } from "./camera/protocol";
import type { CameraStatus } from "./camera/session";
import { CameraTile } from "./camera/tile";
import type { CameraLook, CameraView } from "./cameras";
import type { Word } from "./words";
import { clock, times } from "./live";

CameraTile.page = { now: () => clock.now(), times: () => times.peek(), base: "api/v1/cameras/" };

interface TileAttributes extends HTMLAttributes<CameraTile> {
  camera: string;
  label?: string;
  note?: string;
  stream?: "main" | "sub";
  still?: boolean;
  status?: CameraStatus | undefined;
}

declare module "preact" {
  namespace JSX {
    interface IntrinsicElements {
      "camera-tile": TileAttributes;
    }
  }
}

export function cameraWord(look: CameraLook): Word {
  return `camera_${look}`;
}

/** What the API and the stream told of a camera, for its tile. */
export function statusOf({ camera, state }: CameraView): CameraStatus | undefined {
  if (!state) return undefined;
  const p = camera.properties;
  const same = p.state === state;
  return { state, since: same ? moment(p.since) : undefined, lastFrame: moment(p.last_frame), detail: same ? p.detail : undefined };
}
