/**
 * Names of the NFS procedures as node_exporter labels them, in the order of the kernel's counters. Versions 2 and 3
 * number them as RFC 1094 and RFC 1813 do, the server of version 4 as RFC 7530, the client of version 4 as the
 * kernel's include/linux/nfs4.h.
 */

export const V2_PROCEDURES =
  `Null GetAttr SetAttr Root Lookup ReadLink Read WrCache Write Create Remove Rename Link SymLink MkDir RmDir
  ReadDir FsStat`.split(/\s+/);

export const V3_PROCEDURES =
  `Null GetAttr SetAttr Lookup Access ReadLink Read Write Create MkDir SymLink MkNod Remove RmDir Rename Link
  ReadDir ReadDirPlus FsStat FsInfo PathConf Commit`.split(/\s+/);

export const CLIENT_V4_PROCEDURES =
  `Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo Renew SetClientID
  SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup LookupRoot Remove Rename Link Symlink Create Pathconf
  StatFs ReadLink ReadDir ServerCaps DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo FsidPresent
  ExchangeID CreateSession DestroySession Sequence GetLeaseTime ReclaimComplete GetDeviceInfo LayoutGet
  LayoutCommit LayoutReturn SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession
  DestroyClientID Seek Allocate DeAllocate LayoutStats Clone`.split(/\s+/);

/** By operation number, from 3 on; '' for those that node_exporter leaves out. */
export const SERVER_V4_FIRST_OPERATION = 3;
export const SERVER_V4_OPERATIONS =
  `Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt Locku Lookup LookupRoot Nverify
  Open OpenAttr OpenConfirm OpenDgrd PutFH - - Read ReadDir ReadLink Remove Rename Renew RestoreFH SaveFH SecInfo
  SetAttr SetClientID SetClientIDConfirm Verify Write RelLockOwner`
    .split(/\s+/)
    .map((name) => (name === '-' ? '' : name));
