// As much of fragmented MP4 as is needed to know where decoding can begin.

/** NAL unit types of pictures that depend on no other. */
const avcKey = 5;
const hevcKey = { first: 16, last: 21 };
/** Whole pictures' slices have the lower types; parameter sets and the like the higher ones. */
const avcSlices = 5;
const hevcSlices = 31;

/** Finds a box among those between two places, and returns where its content begins and ends. */
function find(view: DataView, name: number, from: number, to: number): [number, number] | undefined {
  for (let at = from; at + 8 <= to; ) {
    const size = view.getUint32(at);
    if (size < 8 || at + size > to) return undefined;
    if (view.getUint32(at + 4) === name) return [at + 8, at + size];
    at += size;
  }
  return undefined;
}

const moof = 0x6d6f6f66;
const traf = 0x74726166;
const tfdt = 0x74666474;
const mdat = 0x6d646174;
const moov = 0x6d6f6f76;
const trak = 0x7472616b;
const mdia = 0x6d646961;
const mdhd = 0x6d646864;

function inside(view: DataView, ...path: number[]): [number, number] | undefined {
  let box: [number, number] | undefined = [0, view.byteLength];
  for (const name of path) box = box && find(view, name, box[0], box[1]);
  return box;
}

function viewOf(data: ArrayBuffer): DataView {
  return new DataView(data);
}

/** The units per second that an init segment counts its times in; undefined where it is none. */
export function timescale(init: ArrayBuffer): number | undefined {
  const view = viewOf(init);
  const box = inside(view, moov, trak, mdia, mdhd);
  if (!box) return undefined;
  const at = box[0] + (view.getUint8(box[0]) === 1 ? 20 : 12);
  return at + 4 <= box[1] ? view.getUint32(at) || undefined : undefined;
}

/** Where a fragment begins, in units of its timescale. */
export function decodeTime(fragment: ArrayBuffer): number | undefined {
  const view = viewOf(fragment);
  const box = inside(view, moof, traf, tfdt);
  if (!box || box[0] + 8 > box[1]) return undefined;
  if (view.getUint8(box[0]) === 0) return view.getUint32(box[0] + 4);
  return box[0] + 12 <= box[1] ? view.getUint32(box[0] + 4) * 2 ** 32 + view.getUint32(box[0] + 8) : undefined;
}

/**
 * Whether a fragment's first picture depends on no other. It looks at the
 * picture itself: what the boxes say of it is often wrong, and browsers do not
 * believe them either.
 */
export function isKey(fragment: ArrayBuffer, hevc: boolean): boolean {
  const view = viewOf(fragment);
  const box = inside(view, mdat);
  if (!box) return false;
  for (let at = box[0]; at + 5 <= box[1]; ) {
    const first = view.getUint8(at + 4);
    const type = hevc ? (first >> 1) & 0x3f : first & 0x1f;
    if (hevc ? type >= hevcKey.first && type <= hevcKey.last : type === avcKey) return true;
    if (type <= (hevc ? hevcSlices : avcSlices) && (hevc || type > 0)) return false;
    at += 4 + view.getUint32(at);
  }
  return false;
}
