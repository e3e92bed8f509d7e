// The shop's settings, by environment: DATABASE is a PostgreSQL database on 127.0.0.1:PGPORT, or, ending in .sqlite, a
// file that is read at the start and written when asked (SQLite in WebAssembly: nothing to compile).
const { DefaultLogger, DefaultSearchPlugin, dummyPaymentHandler, LogLevel } = require('@vendure/core');

const { DATABASE = 'vendure', PGPORT = '5432', PORT = '0', POPULATE } = process.env;

const database = DATABASE.endsWith('.sqlite')
  ? { type: 'sqljs', location: DATABASE }
  : { type: 'postgres', host: '127.0.0.1', port: +PGPORT, username: 'postgres', database: DATABASE, poolSize: 10 };

exports.config = {
  apiOptions: { hostname: '127.0.0.1', port: +PORT, shopApiPath: 'shop-api', adminApiPath: 'admin-api' },
  authOptions: {
    tokenMethod: 'bearer',
    requireVerification: false,
    superadminCredentials: { identifier: 'superadmin', password: 'superadmin' },
    cookieOptions: { secret: 'guards nothing' },
  },
  dbConnectionOptions: { ...database, logging: false, synchronize: POPULATE === '1' },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Error }),
  plugins: [DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: true })],
};
