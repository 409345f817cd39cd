package generator

// A Company is an invented signatory. None exists: every name was made up for
// demos, tests and benches, and every website is under .example (RFC 6761).
type Company struct {
	ID       string   // author id, `[a-z0-9]+(-[a-z0-9]+)*` (protocol section 2)
	Name     string   // legal name
	Country  string   // code of one of Countries
	Product  string   // code of the vocabulary's list "products"
	Website  string   // https, host under .example
	Entities []string // legal names of other entities covered; nil for none
}

// Companies are invented signatories, unique in ID, Name and Website, at least
// four for each product area. The order is fixed: who takes the first n gets
// the same n each time, with different products and countries.
var Companies = []Company{
	{"aldermoth-cloud", "Aldermoth Cloud", "XA", "cloud", "https://aldermoth.example/", []string{"Aldermoth Data Centres", "Aldermoth Research"}},
	{"brindlewick-systems", "Brindlewick Systems", "XB", "os", "https://brindlewick.example/", []string{"Brindlewick Borvania"}},
	{"quillhaven-messenger", "Quillhaven Messenger", "XC", "messaging", "https://quillhaven.example/", nil},
	{"velloquin-networks", "Velloquin Networks", "XD", "network", "https://velloquin.example/", []string{"Velloquin Routers"}},
	{"tinderquartz-semiconductors", "Tinderquartz Semiconductors", "XE", "chip", "https://tinderquartz.example/", nil},
	{"hedgewarden-security", "Hedgewarden Security", "XF", "security", "https://hedgewarden.example/", nil},
	{"yarrowbell-telecom", "Yarrowbell Telecom", "XG", "telecom", "https://yarrowbell.example/", []string{"Yarrowbell Mobile", "Yarrowbell Cables"}},
	{"bumbleforge-devices", "Bumbleforge Devices", "XH", "device", "https://bumbleforge.example/", nil},
	{"signetmoor-identity", "Signetmoor Identity", "XI", "identity", "https://signetmoor.example/", nil},
	{"cogpuddle-tools", "Cogpuddle Tools", "XJ", "developer-tool", "https://cogpuddle.example/", nil},
	{"pennywhimsy-payments", "Pennywhimsy Payments", "XL", "payment", "https://pennywhimsy.example/", []string{"Pennywhimsy Cards"}},
	{"boltheather-controls", "Boltheather Controls", "XM", "industrial", "https://boltheather.example/", nil},
	{"cachewillow-delivery", "Cachewillow Delivery", "XN", "cdn", "https://cachewillow.example/", nil},
	{"patchwillow-updates", "Patchwillow Updates", "XO", "update-service", "https://patchwillow.example/", nil},
	{"fernquibble-apps", "Fernquibble Apps", "XP", "app", "https://fernquibble.example/", nil},

	{"nimbusquill-hosting", "Nimbusquill Hosting", "XQ", "cloud", "https://nimbusquill.example/", nil},
	{"marrowfen-software", "Marrowfen Software", "XR", "os", "https://marrowfen.example/", nil},
	{"whistlepost-mail", "Whistlepost Mail", "XS", "messaging", "https://whistlepost.example/", []string{"Whistlepost Archive"}},
	{"hobbinstead-routers", "Hobbinstead Routers", "XT", "network", "https://hobbinstead.example/", nil},
	{"siltmoor-silicon", "Siltmoor Silicon", "XU", "chip", "https://siltmoor.example/", nil},
	{"grumblelock-security", "Grumblelock Security", "XV", "security", "https://grumblelock.example/", nil},
	{"clatterbay-telephone", "Clatterbay Telephone", "XW", "telecom", "https://clatterbay.example/", []string{"Clatterbay Islands Telephone"}},
	{"lanternbeck-handsets", "Lanternbeck Handsets", "XX", "device", "https://lanternbeck.example/", nil},
	{"waxenkey-certificates", "Waxenkey Certificates", "XY", "identity", "https://waxenkey.example/", nil},
	{"stitchbranch-forge", "Stitchbranch Forge", "XZ", "developer-tool", "https://stitchbranch.example/", nil},
	{"coinbramble-payments", "Coinbramble Payments", "XA", "payment", "https://coinbramble.example/", nil},
	{"pumphollow-automation", "Pumphollow Automation", "XB", "industrial", "https://pumphollow.example/", []string{"Pumphollow Valves"}},
	{"swiftpebble-edge", "Swiftpebble Edge", "XC", "cdn", "https://swiftpebble.example/", nil},
	{"freshkettle-updates", "Freshkettle Updates", "XD", "update-service", "https://freshkettle.example/", nil},
	{"oddmoor-studios", "Oddmoor Studios", "XE", "app", "https://oddmoor.example/", nil},

	{"puddlefen-data-halls", "Puddlefen Data Halls", "XF", "cloud", "https://puddlefen.example/", []string{"Puddlefen Power"}},
	{"kettlecroft-kernels", "Kettlecroft Kernels", "XG", "os", "https://kettlecroft.example/", nil},
	{"pigeonmere-messaging", "Pigeonmere Messaging", "XH", "messaging", "https://pigeonmere.example/", nil},
	{"gantrymoss-networks", "Gantrymoss Networks", "XI", "network", "https://gantrymoss.example/", nil},
	{"gritlark-chips", "Gritlark Chips", "XJ", "chip", "https://gritlark.example/", nil},
	{"moatwhistle-labs", "Moatwhistle Labs", "XL", "security", "https://moatwhistle.example/", nil},
	{"skerrybell-mobile", "Skerrybell Mobile", "XM", "telecom", "https://skerrybell.example/", nil},
	{"copperwhistle-electronics", "Copperwhistle Electronics", "XN", "device", "https://copperwhistle.example/", []string{"Copperwhistle Kitchens"}},
	{"namequill-trust-services", "Namequill Trust Services", "XO", "identity", "https://namequill.example/", nil},
	{"wrenbracket-compilers", "Wrenbracket Compilers", "XP", "developer-tool", "https://wrenbracket.example/", nil},
	{"tallyfinch-cards", "Tallyfinch Cards", "XQ", "payment", "https://tallyfinch.example/", nil},
	{"ironmuffin-controls", "Ironmuffin Controls", "XR", "industrial", "https://ironmuffin.example/", nil},
	{"relaymoss-delivery", "Relaymoss Delivery", "XS", "cdn", "https://relaymoss.example/", nil},
	{"mendmarsh-update-services", "Mendmarsh Update Services", "XT", "update-service", "https://mendmarsh.example/", nil},
	{"larkmuffin-software", "Larkmuffin Software", "XU", "app", "https://larkmuffin.example/", nil},

	{"cinderloft-compute", "Cinderloft Compute", "XV", "cloud", "https://cinderloft.example/", nil},
	{"sablethorpe-systems", "Sablethorpe Systems", "XW", "os", "https://sablethorpe.example/", nil},
	{"murmurfen-chat", "Murmurfen Chat", "XX", "messaging", "https://murmurfen.example/", nil},
	{"trellisgate-switching", "Trellisgate Switching", "XY", "network", "https://trellisgate.example/", nil},
	{"embersand-microchips", "Embersand Microchips", "XZ", "chip", "https://embersand.example/", []string{"Embersand Foundry"}},
	{"bramblekeep-security", "Bramblekeep Security", "XA", "security", "https://bramblekeep.example/", nil},
	{"dunmarrow-wireless", "Dunmarrow Wireless", "XB", "telecom", "https://dunmarrow.example/", nil},
	{"mossbutton-cameras", "Mossbutton Cameras", "XC", "device", "https://mossbutton.example/", nil},
	{"thimblekey-identity", "Thimblekey Identity", "XD", "identity", "https://thimblekey.example/", nil},
	{"loomfable-packages", "Loomfable Packages", "XE", "developer-tool", "https://loomfable.example/", nil},
	{"groatmill-wallets", "Groatmill Wallets", "XF", "payment", "https://groatmill.example/", nil},
	{"valvequince-industrial", "Valvequince Industrial", "XG", "industrial", "https://valvequince.example/", nil},
	{"nearmarrow-edge", "Nearmarrow Edge", "XH", "cdn", "https://nearmarrow.example/", nil},
	{"stitchnewt-updates", "Stitchnewt Updates", "XI", "update-service", "https://stitchnewt.example/", nil},
	{"pebblewhisk-documents", "Pebblewhisk Documents", "XJ", "app", "https://pebblewhisk.example/", nil},

	{"thrumwick-cloudworks", "Thrumwick Cloudworks", "XL", "cloud", "https://thrumwick.example/", nil},
	{"otterpost-mail", "Otterpost Mail", "XM", "messaging", "https://otterpost.example/", nil},
	{"wattlefjord-networks", "Wattlefjord Networks", "XN", "network", "https://wattlefjord.example/", nil},
	{"quartzwimple-silicon", "Quartzwimple Silicon", "XO", "chip", "https://quartzwimple.example/", nil},
	{"watchfinch-security", "Watchfinch Security", "XP", "security", "https://watchfinch.example/", []string{"Watchfinch Response"}},
	{"owlhollow-fibre", "Owlhollow Fibre", "XQ", "telecom", "https://owlhollow.example/", nil},
	{"glimmerpeg-wearables", "Glimmerpeg Wearables", "XR", "device", "https://glimmerpeg.example/", nil},
	{"forkandfern-code", "Forkandfern Code", "XS", "developer-tool", "https://forkandfern.example/", nil},
	{"ledgermarsh-banking", "Ledgermarsh Banking Software", "XT", "payment", "https://ledgermarsh.example/", nil},
	{"gribblemill-automation", "Gribblemill Automation", "XU", "industrial", "https://gribblemill.example/", nil},
	{"spindlebeck-delivery", "Spindlebeck Delivery", "XV", "cdn", "https://spindlebeck.example/", nil},
	{"snugharbour-maps", "Snugharbour Maps", "XW", "app", "https://snugharbour.example/", nil},
}

// Challengers are invented organisations that a secretariat could admit to
// file challenges. Product is empty.
var Challengers = []Company{
	{"open-lantern", "Open Lantern Foundation", "XA", "", "https://open-lantern.example/", nil},
	{"harbour-press-watch", "Harbour Press Watch", "XF", "", "https://harbour-press-watch.example/", nil},
	{"quiet-rivers", "Quiet Rivers Digital Rights", "XR", "", "https://quiet-rivers.example/", nil},
}

// A Country is an invented country under a code that ISO 3166-1 leaves to its
// users.
type Country struct {
	Code string // XA to XZ without XK, which is in use for Kosovo
	Name string
}

// Countries are all 25 invented countries, by code. entry/countries.json holds
// the same names for logs whose origin ends in .example.
var Countries = []Country{
	{"XA", "Republic of Asteria"},
	{"XB", "Federation of Borvania"},
	{"XC", "Kingdom of Caldermark"},
	{"XD", "Dorrenland"},
	{"XE", "Republic of Eskarra"},
	{"XF", "Commonwealth of Farrowmere"},
	{"XG", "Grand Duchy of Gelvane"},
	{"XH", "Halvenia"},
	{"XI", "Islands of Ilvaria"},
	{"XJ", "Republic of Jorvessa"},
	{"XL", "Lysgard"},
	{"XM", "Union of Maravel"},
	{"XN", "Republic of Nerivia"},
	{"XO", "Oskelund"},
	{"XP", "Principality of Pellanor"},
	{"XQ", "Quillonia"},
	{"XR", "Republic of Rosmarren"},
	{"XS", "Confederation of Sarnovia"},
	{"XT", "Tessarin"},
	{"XU", "Ulmerian Republic"},
	{"XV", "Valdorra"},
	{"XW", "Wendravia"},
	{"XX", "Xantherian Isles"},
	{"XY", "Republic of Yelmark"},
	{"XZ", "Zemrova"},
}
