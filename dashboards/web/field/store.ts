// What the phone keeps in IndexedDB, for the page and its service worker alike.

const name = "citywatch-field";
const stores = ["queue", "shown", "settings"] as const;
export type StoreName = (typeof stores)[number];

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of stores) request.result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  }).catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/** Does something in one transaction, and returns its result when that is on the disk. */
async function within<T>(store: StoreName, mode: IDBTransactionMode, work: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  return new Promise<T>((resolve, reject) => {
    const transaction = db.transaction(store, mode, { durability: "strict" });
    const request = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB"));
  });
}

export function put(store: StoreName, key: string, value: unknown): Promise<IDBValidKey> {
  return within(store, "readwrite", (s) => s.put(value, key));
}

export function take<T>(store: StoreName, key: string): Promise<T | undefined> {
  return within<T | undefined>(store, "readonly", (s) => s.get(key) as IDBRequest<T | undefined>);
}

export function all<T>(store: StoreName): Promise<T[]> {
  return within<T[]>(store, "readonly", (s) => s.getAll() as IDBRequest<T[]>);
}

export function remove(store: StoreName, key: string): Promise<undefined> {
  return within(store, "readwrite", (s) => s.delete(key));
}

/** Empties a store that holds more than so many. */
export async function trim(store: StoreName, most: number): Promise<void> {
  const count = await within<number>(store, "readonly", (s) => s.count());
  if (count > most) await within<undefined>(store, "readwrite", (s) => s.clear());
}
