process.env['TEST_REDIS_URL'] = process.env['TEST_SINGLE_URL'];
