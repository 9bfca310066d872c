export {
  fillSnapshot,
  refuseExisting,
  type Snapshot,
  type SnapshotOptions,
  type SnapshotSource,
  takeSnapshot,
  unfinishedSnapshot,
} from './snapshot.ts';
export { type ZipOptions, zipDirectory } from './zip.ts';
