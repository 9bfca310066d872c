/** State that keys can read as it is now: several may come before the view has been drawn again. */
import { type RefObject, useRef, useState } from 'react';

/** The value as it was drawn, what sets it, and a reference to the value as it is. */
export function useLatest<T>(initial: T): [drawn: T, set: (value: T) => void, latest: RefObject<T>] {
  const [drawn, setDrawn] = useState(initial);
  const latest = useRef(initial);
  const set = (value: T) => {
    latest.current = value;
    setDrawn(value);
  };
  return [drawn, set, latest];
}
