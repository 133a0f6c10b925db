/**
 * Gives an object a method of its own, which nobody sees who does not look for it.
 *
 * @returns whether it could be: what is frozen takes none
 */
export function setHidden(target: object, name: string | symbol, method: unknown): boolean {
	return Reflect.defineProperty(target, name, { value: method, configurable: true, writable: true });
}
