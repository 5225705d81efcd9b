// Numbers, units, times and ages as people read them.

import { word, type Lang } from "./words";

const locales: Record<Lang, string> = { vi: "vi-VN", en: "en-GB" };

/** UCUM codes that people would not recognise. */
const units: Record<string, Record<Lang, string>> = {
  "1": { vi: "", en: "" },
  Cel: { vi: "°C", en: "°C" },
  "ug/m3": { vi: "µg/m³", en: "µg/m³" },
  "m3/s": { vi: "m³/s", en: "m³/s" },
  "{visitor}": { vi: "lượt", en: "visitors" },
  "{vehicle}/min": { vi: "xe/phút", en: "vehicles/min" },
};

export function unit(lang: Lang, ucum: string | undefined): string {
  if (!ucum) return "";
  return units[ucum]?.[lang] ?? ucum;
}

/** A number with a fixed count of decimals. */
export function number(lang: Lang, value: number, decimals: number): string {
  return new Intl.NumberFormat(locales[lang], {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(value);
}

/** A number with its unit, not to be broken between them. */
export function quantity(lang: Lang, value: number, decimals: number, ucum: string | undefined): string {
  const u = unit(lang, ucum);
  return number(lang, value, decimals) + (u ? "\u00a0" + u : "");
}

/** A distance in metres: 850 m, 2,3 km, 14 km. */
export function length(lang: Lang, metres: number): string {
  if (metres < 950) return `${number(lang, Math.round(metres / 50) * 50, 0)} m`;
  return `${number(lang, metres / 1000, metres < 9_950 ? 1 : 0)} km`;
}

/** A clock of one time zone. */
export class Times {
  constructor(readonly zone: string) {}

  private format(lang: Lang, options: Intl.DateTimeFormatOptions, ms: number): string {
    return new Intl.DateTimeFormat(locales[lang], { timeZone: this.zone, hourCycle: "h23", ...options }).format(ms);
  }

  /** The numbers of a date and a time of day, with their leading zeros. */
  parts(ms: number): { year: string; month: string; day: string; hour: string; minute: string } {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone: this.zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
    });
    const of = Object.fromEntries(format.formatToParts(ms).map((p) => [p.type, p.value]));
    return { year: of["year"]!, month: of["month"]!, day: of["day"]!, hour: of["hour"]!, minute: of["minute"]! };
  }

  /** 14:03 */
  short(lang: Lang, ms: number): string {
    return this.format(lang, { hour: "2-digit", minute: "2-digit" }, ms);
  }

  /** 14:03:22 */
  long(lang: Lang, ms: number): string {
    return this.format(lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, ms);
  }

  /** Chủ Nhật, 22/11/2026 */
  date(lang: Lang, ms: number): string {
    return this.format(lang, { weekday: "long", day: "2-digit", month: "2-digit", year: "numeric" }, ms);
  }

  /** T2 22/11, Mon 22/11 */
  weekday(lang: Lang, ms: number): string {
    return this.format(lang, { weekday: "short", day: "2-digit", month: "2-digit" }, ms);
  }

  /** 14:03 on the same day as now, else 21/11 14:03. */
  since(lang: Lang, ms: number, now: number): string {
    const date = this.day(ms);
    return date === this.day(now) ? this.short(lang, ms) : `${date} ${this.short(lang, ms)}`;
  }

  /** 21/11, in either language: Intl's own short date has a hyphen in Vietnamese. */
  private day(ms: number): string {
    return `${this.format("en", { day: "2-digit" }, ms)}/${this.format("en", { month: "2-digit" }, ms)}`;
  }
}

/** A duration in ms as its largest one or two units: 42 s, 7 min, 1 h 20 min, 3 d. */
export function duration(lang: Lang, ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return word(lang, "seconds", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return word(lang, "minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return word(lang, "days", { n: Math.floor(hours / 24) });
  if (minutes % 60 === 0) return word(lang, "hours", { n: hours });
  return word(lang, "hoursMinutes", { h: hours, m: minutes % 60 });
}

/** How long ago: "7 phút trước". */
export function age(lang: Lang, ms: number): string {
  return ms < 1000 ? word(lang, "now") : word(lang, "age", { age: duration(lang, ms) });
}
