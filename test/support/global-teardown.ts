export default async function tearDown(): Promise<void> {
  await globalThis.sharedRedis?.stop();
  await globalThis.sharedCluster?.stop();
}
