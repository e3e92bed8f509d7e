// node serve.js: the shop on a free port, which it says on its first line. SIGTERM ends it; SIGUSR2 makes one that has
// its database in memory write it to its file and say so.
const { bootstrap, JobQueueService, TransactionalConnection } = require('@vendure/core');
const { config } = require('./config');

async function serve() {
  const app = await bootstrap(config);
  await app.get(JobQueueService).start();
  process.once('SIGTERM', () => process.exit(0));
  process.on('SIGUSR2', async () => {
    await app.get(TransactionalConnection).rawConnection.driver.save();
    console.log('saved');
  });
  console.log(await app.getUrl());
}

serve().catch((error) => {
  console.error(error);
  process.exit(1);
});
