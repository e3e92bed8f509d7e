// The shop's settings, by environment: DATABASE is a PostgreSQL database on 127.0.0.1:PGPORT, or, ending in .sqlite, a
// file that is read at the start and written when asked (SQLite in WebAssembly: nothing to compile).
const { DefaultLogger, DefaultSearchPlugin, dummyPaymentHandler, LogLevel } = require('@vendure/core');

const { DATABASE = 'vendure', PGPORT = '5432', POPULATE, RESERVE } = process.env;

const database = DATABASE.endsWith('.sqlite')
  ? { type: 'sqljs', location: DATABASE }
  : { type: 'postgres', host: '127.0.0.1', port: +PGPORT, username: 'postgres', database: DATABASE, poolSize: 10 };

// As shipped, stock is looked at when the payment begins and taken when it has ended. With RESERVE=1 it is taken when the
// payment begins, in the same transaction.
const reserving = { stockAllocationStrategy: { shouldAllocateStock: (ctx, from, to) => to === 'ArrangingPayment' } };

// Kept as they are: hashing them well took half of the CPU of a purchase by a registered customer.
const passwords = { hash: async (password) => password, check: async (password, kept) => password === kept };

exports.config = {
  apiOptions: { hostname: '127.0.0.1', port: 0, shopApiPath: 'shop-api', adminApiPath: 'admin-api' },
  authOptions: {
    tokenMethod: 'bearer',
    requireVerification: false,
    passwordHashingStrategy: passwords,
    superadminCredentials: { identifier: 'admin', password: 'guards nothing' },
    cookieOptions: { secret: 'guards nothing' },
  },
  dbConnectionOptions: { ...database, logging: false, synchronize: POPULATE === '1' },
  orderOptions: RESERVE === '1' ? reserving : {},
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Error }),
  plugins: [DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: true })],
};
