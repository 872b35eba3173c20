"""The vocabulary and the sentence templates of the everyday sentences.

Words are those of a beginner's course. A template has a slot for each kind of word.
"""

from __future__ import annotations

WORDS_BY_KIND: dict[str, str] = {
    "name": """adam alice amy andrew anna anthony ben bill bob brian carol cathy charles cindy daniel
        david emily emma eric frank gary george grace hannah harry helen henry jack jacob james jane jason
        jenny jessica jim joe john joyce judy julia karen kate kevin larry laura leo linda lisa lucy
        maggie mark martha martin mary matthew max mike nancy nick oliver oscar pat paul peter philip
        rachel rebecca richard robert roger ruby ruth ryan sam sandra sarah scott simon sophie stephen
        steve susan ted thomas tim tina tom tony vera victor vincent vivian walter wendy william zoe""",
    "animal": """ant bat bear bee bird butterfly camel cat chicken cow crab deer dog dolphin donkey duck
        eagle elephant fish fly fox frog giraffe goat goose hen hippo horse kangaroo kitten lamb leopard
        lion lizard monkey mouse octopus ostrich owl panda parrot penguin pig pigeon puppy rabbit rat
        shark sheep snail snake spider squirrel swan tiger turkey turtle whale wolf worm zebra""",
    "food": """apple bacon banana bean beef biscuit bread breakfast broccoli burger butter cabbage cake
        candy carrot cheese cherry chocolate coffee cookie corn cream cucumber dinner dumpling egg garlic
        grape ham honey ice-cream jam juice lemon lettuce lunch mango meat melon milk mushroom noodle nut
        onion orange pasta peach peanut pear pepper pie pineapple pizza popcorn pork potato pudding rice
        salad salt sandwich sausage seafood soup steak strawberry sugar sushi tea toast tofu tomato
        vegetable watermelon yogurt""",
    "place": """airport bakery bank beach bookshop bridge cafe castle church cinema city classroom corner
        country farm forest garden gym hall harbor hospital hotel house island kitchen lake library market
        mountain museum office palace park playground pool restaurant river road roof school sea shop
        square stadium station store street supermarket temple theater town university valley village yard
        zoo""",
    "thing": """bag ball balloon basket bed bell bicycle blanket boat book bottle bowl box brush bus
        button calendar camera car card chair chalk clock coat coin computer cup curtain desk dictionary
        dish doll door dress envelope eraser fan flag flower fork glass glove guitar hammer hat jacket key
        kite knife ladder lamp leaf letter light machine map medicine mirror money newspaper notebook
        package paper pen pencil phone piano picture pillow plane plate pocket present purse radio ring
        rope ruler scarf scissors shirt shoe skirt spoon stamp stick stone suitcase sweater table
        telephone television thermometer ticket toothbrush towel toy train tree trousers truck umbrella
        vase violin wallet watch wheel window""",
    "person": """baby boy brother child cousin dad daughter father friend girl grandfather grandmother
        guest husband king kid lady man mother mum neighbor parent prince princess queen sister son
        stranger twin uncle wife woman aunt""",
    "job": """actor artist baker boss builder captain clerk coach cook dancer dentist doctor driver
        engineer farmer firefighter guard hairdresser journalist judge lawyer librarian manager mechanic
        musician nurse painter photographer pilot player policeman postman reporter sailor scientist
        secretary singer soldier student teacher thief tailor waiter waitress worker writer""",
    "subject": """art biology chemistry chinese dancing drawing english french geography history math
        mathematics music physics reading science singing spelling sports writing""",
    "body": """ankle arm back chest chin ear elbow eye face finger foot hair hand head heart knee leg lip
        mouth neck nose shoulder skin stomach thumb toe tongue tooth""",
    "color": "black blue brown gold gray green orange pink purple red silver white yellow",
    "number": """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
        sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
        thousand million zero""",
    "adjective": """angry awful bad beautiful big bitter boring brave bright broken busy careful cheap
        clean clever cold comfortable cool dangerous dark deep delicious different difficult dirty dry
        early easy empty excellent expensive famous fast fat fresh friendly full funny gentle good great
        happy hard healthy heavy high honest hot huge hungry important interesting kind large late lazy
        light little lonely long loud lovely lucky modern narrow neat new nice noisy normal old patient
        perfect polite poor popular pretty proud quick quiet ready rich rough round sad safe sharp shiny
        short shy silly simple slow small smart smooth soft sorry sour special strange strict strong
        stupid sunny sweet tall terrible thick thin thirsty tidy tiny tired ugly useful warm weak wet wide
        wild wonderful wrong young""",
    "adverb": """again already always badly carefully early easily fast finally gently happily hard here
        late loudly nearly never now often once outside perhaps quickly quietly rarely really sadly seldom
        slowly sometimes soon suddenly there together too twice usually well yesterday""",
    "act": """bring build buy carry catch check choose clean close collect cook count cover cut draw drop
        eat enjoy fill find finish fix follow forget get give hate help hide hit hold invite join keep
        kick learn leave lose love make measure meet miss move need open order paint pass pay pick plant
        prepare pull push put read remember repair save see sell send share show smell steal study take
        taste teach thank throw touch try turn use visit want wash watch wear win write""",
    "go": """arrive begin bend breathe clap climb cry dance dream drink drive fall fight fly go grow hurry
        jump knock laugh lie listen live march play practice pray rest ride run shout sing sit skate sleep
        smile speak stand stay stop swim talk think travel wait wake walk whisper work worry yell""",
    "past": """asked bought broke brought built called carried caught changed cleaned closed cooked
        counted crossed dropped felt found fixed forgot gave grabbed heard helped hid kept kissed knew
        laughed at learned left liked looked at lost loved made missed moved opened packed painted passed
        picked planned pulled pushed reached rubbed saved saw sold spilled stopped thanked threw took
        touched tried used visited waited for wanted washed watched""",
    "doing": """asking about bringing buying carrying catching cleaning cooking cutting drawing drinking
        driving eating fixing going to see holding looking for making painting playing with reading riding
        selling sending singing about talking about teaching thinking of throwing using visiting washing
        watching wearing writing about""",
    "time": """today tonight tomorrow yesterday now in-the-morning in-the-afternoon in-the-evening
        at-night at-noon on-monday on-tuesday on-wednesday on-thursday on-friday on-saturday on-sunday
        in-january in-february in-march in-april in-may in-june in-july in-august in-september in-october
        in-november in-december in-spring in-summer in-autumn in-winter every-day every-week next-month
        last-year this-weekend after-school before-dinner after-lunch at-six-o'clock for-three-hours
        since-then right-away""",
    "weather": "cloudy cold cool dry foggy freezing hot rainy snowy stormy sunny warm wet windy",
    "where": "above behind below beside by from in inside near next-to on outside over through to under",
    "whose": "my your his her our their the this that",
    "who": "i you we they",
    "modal": "can could may might must should will would can't won't shouldn't didn't don't",
    "question": "what where when why how who which",
}

TEMPLATES = """
we call it {thing}|we call it {animal}|{name} is going to see the {animal}
{number} {number} {number} {number}|{number} {number} {number}|{whose} {body} hurt even worse
{whose} {thing} is {adjective}|the {adjective} {noun}|{name} {past} the {noun}
{who} {modal} {act} the {noun} {time}|{who} {modal} {act} {whose} {noun}|{who} {modal} {go} {time}
do you like {food}|do you want some {food} and {food}|{name} likes {color} {things}|i have {number} {things}
there are {number} {things} {where} the {place}|there is a {noun} {where} the {noun}|where is {whose} {noun}
what is the {noun} {doing} the {noun} for|how many {things} did you see {time}|it is {weather} {time}
it was {weather} and {weather} yesterday|please {act} the {noun}|don't {act} that {noun}
{name} and {name} are {doing} the {noun}|{whose} {person} is a {job}|{name} wants to be a {job}
the {job} {past} {whose} {noun}|the {job} is {doing} a {adjective} {noun}|{who} are {doing} {food} {time}
i study {subject} and {subject} {time}|{subject} is more {adjective} than {subject}|{name} is {adjective}
the {color} {thing} is {where} the {color} {thing}|can you {act} the {thing} {where} the {thing}
{whose} {animal} is as {adjective} as {whose} {animal}|look at the {adjective} {animal}|good morning {name}
let's {go} {where} the {place}|let's {act} the {food} {adverb}|{who} {adverb} {go} {where} the {place}
{name} {modal} {adverb} {act} {whose} {person}|{question} did {name} {act} the {noun}|who {past} the {noun}
when will {name} {act} {whose} {thing}|why do {who} {act} the {noun}|thank you for the {thing}
i'm {adjective}|she's {doing} her {thing}|he's {where} the {place}|that's a {adjective} {noun}
i think {sentence}|{sentence} because {sentence}|{sentence} but {sentence}|{sentence} and {sentence}
if {sentence} {sentence}|{name} said {sentence}|the {person} {past} {number} {things} {time}
{whose} {body} is {adjective}|the {adjective} one|{number} {things} and {number} {things}|{food} and {food}
{time} {who} {modal} {go}|{noun}|{adjective} {things}
"""
"""Templates, separated by `|` or a line break."""
