/** How a sensor is wired to a Firmata board: to an analog or digital pin, or to the I2C bus. */
export type SensorBus = 'analog' | 'digital' | 'i2c';

export const sensorKinds = [
  'thermometer',
  'hygrometer',
  'barometer',
  'altimeter',
  'light',
  'proximity',
  'motion',
] as const;
export type SensorKind = (typeof sensorKinds)[number];

/** What johnny-five knows of one kind of sensor. */
export interface SensorType {
  /** Of its values; null: it says yes or no. */
  readonly unit: string | null;
  /** Its controllers as johnny-five names them, by how they are wired. */
  readonly controllers: Readonly<Partial<Record<SensorBus, readonly string[]>>>;
}

/**
 * The sensors that can be named in a config: those of johnny-five 2.1.0 that StandardFirmata can carry. Left out are what
 * needs another firmware (1-Wire: DS18B20, MAX31850K; pulse timing: HC-SR04) or an EVShield.
 */
export const sensorTypes: Readonly<Record<SensorKind, SensorType>> = {
  thermometer: {
    unit: '°C',
    controllers: {
      analog: ['LM35', 'LM335', 'TMP36', 'GROVE', 'TINKERKIT'],
      i2c: [
        'BME280',
        'BMP085',
        'BMP180',
        'BMP280',
        'DHT11_I2C_NANO_BACKPACK',
        'DHT21_I2C_NANO_BACKPACK',
        'DHT22_I2C_NANO_BACKPACK',
        'GY521',
        'HIH6130',
        'HTU21D',
        'LSM303C',
        'MCP9808',
        'MPL115A2',
        'MPL3115A2',
        'MPU6050',
        'MS5611',
        'SHT31D',
        'SI7020',
        'SI7021',
        'TH02',
        'TMP102',
      ],
    },
  },
  hygrometer: {
    unit: '%',
    controllers: {
      i2c: [
        'BME280',
        'DHT11_I2C_NANO_BACKPACK',
        'DHT21_I2C_NANO_BACKPACK',
        'DHT22_I2C_NANO_BACKPACK',
        'HIH6130',
        'HTU21D',
        'SHT31D',
        'SI7020',
        'SI7021',
        'TH02',
      ],
    },
  },
  barometer: {
    unit: 'kPa',
    controllers: {
      i2c: ['BME280', 'BMP085', 'BMP180', 'BMP280', 'MPL115A2', 'MPL3115A2', 'MS5611'],
    },
  },
  altimeter: {
    unit: 'm',
    controllers: { i2c: ['BME280', 'BMP085', 'BMP180', 'BMP280', 'MPL3115A2', 'MS5611'] },
  },
  light: {
    unit: 'lx',
    controllers: { i2c: ['BH1750', 'TSL2561'] },
  },
  proximity: {
    unit: 'cm',
    controllers: {
      analog: [
        'GP2D120XJ00F',
        'GP2Y0A02YK0F',
        'GP2Y0A21YK',
        'GP2Y0A41SK0F',
        'GP2Y0A710K0F',
        'MB1000',
        'MB1003',
        'MB1010',
        'MB1230',
      ],
      i2c: ['HCSR04I2CBACKPACK', 'LIDARLITE', 'SRF10'],
    },
  },
  motion: {
    unit: null,
    controllers: {
      analog: ['GP2Y0A60SZLF', 'GP2Y0D810Z0F', 'GP2Y0D815Z0F'],
      digital: ['HCSR501', 'PIR'],
      i2c: ['GP2Y0D805Z0F'],
    },
  },
};

/** How a controller of a kind of sensor is wired; null: there is no such controller. */
export function busOf(kind: SensorKind, controller: string): SensorBus | null {
  const { controllers } = sensorTypes[kind];
  const buses = ['analog', 'digital', 'i2c'] as const;
  return buses.find((bus) => controllers[bus]?.includes(controller)) ?? null;
}
