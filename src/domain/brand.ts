declare const brand: unique symbol;

/** A value of type T that only its own parser may create: names, ids and times cannot be mixed up. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
