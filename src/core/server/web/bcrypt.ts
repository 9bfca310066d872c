/** bcrypt, as web.yml has it. Loaded late: most servers have no passwords. */

/** Whether it is the password of the hash; not, where the hash is none. Takes the processor for some tens of milliseconds. */
export async function isPasswordOf(password: string, hash: string): Promise<boolean> {
  const { compare } = await import('bcryptjs');
  return compare(password, hash).catch(() => false);
}
