// s3rver.js HOME DATA PORT KEY SECRET - s3rver, as installed in HOME, on 127.0.0.1.
const [home, data, port, key, secret] = process.argv.slice(2)
const lib = home + '/node_modules/@20minutes/s3rver/lib/'
const account = require(lib + 'models/account')
account.DUMMY_ACCOUNT.revokeAccessKey('S3RVER')
account.DUMMY_ACCOUNT.createKeyPair(key, secret)
const S3rver = require(lib + 's3rver')
new S3rver({ directory: data, address: '127.0.0.1', port: Number(port), silent: true, vhostBuckets: false })
  .run().then(a => console.log('listening on', a.address, a.port))
