// POPULATE=1 node populate.js: fills an empty database, once.
const path = require('path');
const {
  bootstrap, ChannelService, JobQueueService, LanguageCode, PromotionService, RequestContextService,
  TransactionalConnection,
} = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config');
const catalogue = require('./catalogue.json');

const DEADLINE_MS = 60_000;

async function fill() {
  const app = await bootstrap(config);
  await app.get(JobQueueService).start();
  const ctx = await app.get(RequestContextService).create({ apiType: 'admin' });
  const { id } = await app.get(ChannelService).getDefaultChannel();
  const money = { pricesIncludeTax: true, defaultCurrencyCode: 'EUR', availableCurrencyCodes: ['EUR'] };
  await app.get(ChannelService).update(ctx, { id, ...money });
  await populate(async () => app, catalogue, path.join(__dirname, 'products.csv'));
  for (const coupon of catalogue.coupons) await app.get(PromotionService).createPromotion(ctx, promotion(coupon));
  const database = app.get(TransactionalConnection).rawConnection;
  await indexed(database);
  if (database.driver.save) await database.driver.save(); // SQLite in memory
  await app.close();
}

function promotion({ code, percent, limit }) {
  return {
    enabled: true,
    couponCode: code,
    usageLimit: limit,
    translations: [{ languageCode: LanguageCode.en, name: code }],
    conditions: [],
    actions: [{ code: 'order_percentage_discount', arguments: [{ name: 'discount', value: `${percent}` }] }],
  };
}

// Categories and index are filled by jobs: done when every variant is found in some category.
async function indexed(database) {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; ) {
    const [{ there, found }] = await database.query(`
      SELECT (SELECT count(*) FROM product_variant) AS there, count(*) AS found
      FROM search_index_item WHERE "collectionSlugs" <> ''`);
    if (+found >= +there) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the index is not filled');
}

fill().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
