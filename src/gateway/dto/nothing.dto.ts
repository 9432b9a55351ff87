/** Of an event that asks for nothing in particular: an object, whatever is in it. */
export class NothingDto {}
