/**
 * The kinds of clients that the story plays, as the documents of the server have them: which path they check in on,
 * what they call themselves, and what the portal may make of that.
 */

export type Kind =
  | 'ios-maw'
  | 'ios-appconnect'
  | 'ios-mdm'
  | 'ios-apps'
  | 'macos-maw'
  | 'macos-mdm'
  | 'android-maw'
  | 'android-apps'
  | 'win10'

/** What a row of the route table asks, as far as the story uses it. */
export type Asks = 'always' | 'device' | 'legacy-oauth' | 'open' | 'relay' | 'renewal'

/** A request that a device makes. */
export interface Place {
  readonly path: string
  readonly asks: Asks
  /** For approved devices, where the model asks. */
  readonly sensitive?: true
  /** The new OAuth endpoint, which can be disabled. */
  readonly endpoint?: 'oauth'
  /** Of Apps@Work, whichever program of the device asks. */
  readonly ofApps?: true
}

export const PLACES = {
  registration: { path: '/mifs/c/i/reg/story', asks: 'open' },
  checkIn: { path: '/story/check-in', asks: 'device', sensitive: true },
  mdm: { path: '/mifs/c/i/mdm/story', asks: 'device', sensitive: true },
  windows: { path: '/story/windows/check-in', asks: 'always', sensitive: true },
  renewal: { path: '/story/renewal', asks: 'renewal' },
  appsOfAndroid: {
    path: '/mifs/asfV3/appstore/story',
    asks: 'device',
    sensitive: true,
    ofApps: true,
  },
  appsOfIos: {
    path: '/mifs/asfV3x/appstore/story',
    asks: 'always',
    sensitive: true,
    ofApps: true,
  },
  appsData: {
    path: '/mifs/c/api/v4/appstore/story',
    asks: 'device',
    sensitive: true,
    ofApps: true,
  },
  newOauth: { path: '/story/oauth2/token', asks: 'always', endpoint: 'oauth', sensitive: true },
  legacyOauth: { path: '/story/oauth/token', asks: 'legacy-oauth' },
  /** The sync port, where no HTTP is spoken. */
  sync: { path: 'the sync port', asks: 'relay' },
} as const satisfies Record<string, Place>

/** One kind of client. */
export interface KindFacts {
  readonly kind: Kind
  /** How many of them there are in a fleet of 500. */
  readonly share: number
  readonly checkIn: Place
  /** What it is called in the list of devices once it was seen; null where nothing tells it apart. */
  readonly told: Kind | null
  /** What it is called once it was seen on a path of Apps@Work, where that is something else. */
  readonly toldOnApps?: Kind
  /** Whether it ever lived on the sync port. */
  readonly moves?: true
  readonly product: string
  /** Null where it names none. */
  readonly version: string | null
  readonly userAgent: string
}

export const KINDS: readonly KindFacts[] = [
  {
    kind: 'android-maw',
    share: 150,
    checkIn: PLACES.checkIn,
    told: 'android-maw',
    toldOnApps: 'android-apps',
    moves: true,
    product: 'MobileIron',
    version: '11.2.0.0',
    userAgent: 'MobileIron/11.2.0.0 (Linux; Android 15)',
  },
  {
    kind: 'ios-maw',
    share: 100,
    checkIn: PLACES.checkIn,
    told: 'ios-maw',
    // An iPhone that asks for its apps: the path tells more than the program.
    toldOnApps: 'ios-apps',
    moves: true,
    product: 'MobileIron',
    version: '12.11.10',
    userAgent: 'MobileIron/12.11.10 (iPhone; iOS 18.0)',
  },
  {
    kind: 'ios-mdm',
    share: 70,
    checkIn: PLACES.mdm,
    told: 'ios-mdm',
    product: 'MDM',
    version: '1.0',
    userAgent: 'MDM/1.0',
  },
  {
    kind: 'win10',
    share: 50,
    checkIn: PLACES.windows,
    told: 'win10',
    product: 'MSFT',
    version: null,
    userAgent: 'MSFT OMA DM Client/1.2.0.1',
  },
  {
    kind: 'android-apps',
    share: 40,
    checkIn: PLACES.appsOfAndroid,
    told: 'android-apps',
    product: 'Mozilla',
    version: '5.0',
    userAgent: 'Mozilla/5.0 (Linux; Android 15; Pixel) Apps/10.2.0.0',
  },
  {
    kind: 'ios-apps',
    share: 30,
    checkIn: PLACES.appsOfIos,
    told: 'ios-apps',
    product: 'Mozilla',
    version: '5.0',
    userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)',
  },
  {
    kind: 'macos-mdm',
    share: 30,
    checkIn: PLACES.mdm,
    told: 'macos-mdm',
    product: 'MDM-OSX',
    version: '1.0',
    userAgent: 'MDM-OSX/1.0',
  },
  {
    kind: 'macos-maw',
    share: 20,
    checkIn: PLACES.checkIn,
    told: null,
    product: 'MobileAtWork',
    version: '13.0.1',
    userAgent: 'MobileAtWork/13.0.1 (Macintosh)',
  },
  {
    kind: 'ios-appconnect',
    share: 10,
    checkIn: PLACES.checkIn,
    told: null,
    product: 'AppConnect',
    version: '4.9.0',
    userAgent: 'AppConnect/4.9.0 (iPad)',
  },
]

/** An agent of Android that cannot authenticate yet. */
export const OLD_AGENT = {
  product: 'MobileIron',
  version: '9.5.0.0',
  userAgent: 'MobileIron/9.5.0.0 (Linux; Android 9)',
} as const

/** The oldest agents that can, as the story tells the admin API; its expected state goes by the same list. */
export const MINIMUMS: readonly { readonly class: Kind; readonly version: string }[] = [
  { class: 'android-maw', version: '10.1' },
  { class: 'ios-maw', version: '9.8' },
]
